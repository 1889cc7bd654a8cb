"""deploy/operate grants what the lists of permissions name, in the same words as the configuration beside it."""

from __future__ import annotations

import pytest

from live.platforms.kubernetes.access import Permission
from operate.config import OperateConfig
from operate.targets.kubernetes import access
from operate.targets.kubernetes.scaled import Scaled
from operate.targets.kubernetes.settings import KubernetesTargetConfig
from tests.operate.targets.kubernetes.accounts import documents

WORKER = Scaled("apps", "v1", "deployments", "jobs", "worker")
LEASE = "autoscale-operate"
Right = tuple[str, str, str, str]


def granted(path: str, role: str) -> set[Right]:
    (found,) = [each for each in documents(path) if each["kind"] == "Role" and each["metadata"]["name"] == role]
    return {
        (verb, group, resource, name)
        for rule in found["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", [""])
    }


def named(permissions: tuple[Permission, ...]) -> set[Right]:
    return {(each.verb, each.group, each.resource, each.name) for each in permissions}


@pytest.mark.parametrize(
    ("path", "role", "permissions"),
    [
        ("base/rbac.yaml", "autoscale-operate-look", access.look(WORKER)),
        ("base/rbac.yaml", "autoscale-operate-lead", access.lead(LEASE)),
        ("base/rbac.yaml", "autoscale-operate-check", access.CHECK),
        ("overlays/act/rbac.yaml", "autoscale-operate-act", access.act(WORKER, lease=True, idle=False)),
        (
            "overlays/act/idle.yaml",
            "autoscale-operate-idle",
            access.act(WORKER, lease=True, idle=True)[len(access.act(WORKER, lease=True, idle=False)) :],
        ),
    ],
)
def test_each_role_grants_what_its_list_names_and_no_more(
    path: str, role: str, permissions: tuple[Permission, ...]
) -> None:
    assert granted(path, role) == named(permissions)


def test_shadow_can_change_nothing_but_its_own_lease() -> None:
    writing = {"create", "update", "patch", "delete", "deletecollection", "*"}
    roles = [each["metadata"]["name"] for each in documents("base/rbac.yaml") if each["kind"] == "Role"]
    rights = {right for role in roles for right in granted("base/rbac.yaml", role)}
    assert {resource for verb, _, resource, _ in rights if verb in writing} == {"leases"}
    assert ("patch", "coordination.k8s.io", "leases", "autoscale-operate") in rights


def test_every_role_is_bound_to_the_account_of_the_pods() -> None:
    everything = [each for path in ("base", "overlays/act") for each in documents(f"{path}/rbac.yaml")]
    everything += documents("overlays/act/idle.yaml")
    roles = {each["metadata"]["name"] for each in everything if each["kind"] == "Role"}
    bindings = [each for each in everything if each["kind"] == "RoleBinding"]
    (pods,) = documents("base/deployment.yaml")
    account = pods["spec"]["template"]["spec"]["serviceAccountName"]
    assert {each["roleRef"]["name"] for each in bindings} == roles
    assert {subject["name"] for each in bindings for subject in each["subjects"]} == {account}


def test_the_configuration_is_one_and_fits_the_rights_and_the_pods() -> None:
    (raw,) = documents("base/operate.yaml")
    config = OperateConfig.model_validate(raw)
    target = KubernetesTargetConfig.model_validate(config.target)
    assert (config.mode, config.lease) == ("shadow", LEASE)
    assert (target.object_kind, target.name, target.namespace) == ("Deployment", WORKER.name, WORKER.namespace)
    (deployment,) = documents("base/deployment.yaml")
    assert deployment["spec"]["replicas"] == 2
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert config.page is not None
    assert config.page.host == "0.0.0.0"  # noqa: S104 - in a pod
    assert [each["containerPort"] for each in container["ports"]] == [config.page.port]
    assert str(config.state) in {each["mountPath"] for each in container["volumeMounts"]}
    probes = (container["livenessProbe"], container["readinessProbe"])
    assert [each["httpGet"]["path"] for each in probes] == ["/healthz", "/readyz"]


def test_prometheus_scrapes_what_the_service_offers() -> None:
    (service,) = documents("base/service.yaml")
    (monitor,) = documents("overlays/monitoring/servicemonitor.yaml")
    (deployment,) = documents("base/deployment.yaml")
    wanted = monitor["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= service["metadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert [each["port"] for each in monitor["spec"]["endpoints"]] == [
        each["name"] for each in service["spec"]["ports"]
    ]
