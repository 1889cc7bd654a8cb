"""The rights in deploy/kubernetes: enough for everything, each of them needed, and missed by a named check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.config import Config, default_config
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.settings import with_overrides
from autoscaling_env.testing.backend import batch, steady
from live.platforms.kubernetes.access import NEEDED, Permission
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.doctor import examine
from tests.live.farms import done_once
from tests.live.platforms.kubernetes import accounts
from tests.live.platforms.kubernetes.clusters import (
    IMAGE,
    Cluster,
    ReachableServer,
    cluster_farm,
    kubeconfig,
    platform_of,
    run_out,
)
from tests.waiting import until

ASKED = {"GET": "get", "PATCH": "patch", "POST": "create", "DELETE": "delete"}


def test_the_manifest_grants_what_the_list_names_and_no_more() -> None:
    granted = {
        (verb, group, resource)
        for rule in accounts.rules()
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert granted == {(each.verb, each.group, each.resource) for each in NEEDED}


def config_for(cluster: Cluster, file: Path | str, server: ReachableServer, **values: Any) -> Config:
    overrides = {
        "live.redis_url": server.url,
        "live.kubernetes.redis_url": server.pods_url,
        "live.kubernetes.namespace": cluster.namespace,
        "live.kubernetes.kubeconfig": str(file),
        "live.kubernetes.image": IMAGE,
        "live.kubernetes.image_pull_policy": "Never" if IMAGE.startswith("localhost/") else "IfNotPresent",
    }
    return with_overrides(default_config(), overrides | values)


class Listening:
    """Notes which verb on which resource each request of an ``Api`` needs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.used: set[tuple[str, str]] = set()
        raw = Api._raw

        def noted(api: Api, method: str, path: str, timeout: Any, body: Any, content: str, query: Any) -> Any:
            self.used.add(_needs(method, path, query))
            return raw(api, method, path, timeout, body, content, query)

        monkeypatch.setattr(Api, "_raw", noted)


def _needs(method: str, path: str, query: dict[str, str]) -> tuple[str, str]:
    _, _, rest = path.partition("/namespaces/")
    _, resource, *more = rest.split("/")
    if len(more) > 1:
        resource = f"{resource}/{more[1]}"
    if method == "GET" and not more:
        return ("watch" if "watch" in query else "list"), resource
    if method == "DELETE" and not more:
        return "deletecollection", resource
    return ASKED[method], resource


@pytest.mark.cluster
def test_an_episode_uses_every_right_and_gets_by_with_them(
    own_namespace: Cluster, redis_server: ReachableServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = accounts.account(own_namespace, accounts.rules(doctor=False), tmp_path)
    listening = Listening(monkeypatch)
    with cluster_farm(own_namespace, redis_server, kubernetes={"kubeconfig": str(file)}) as backend:
        backend.reset(steady(10, 4.0, 0.2), 2)
        backend.scale_to(3)
        backend.advance(3.0)
        backend.scale_to(1)
        run_out(backend, 10)
        backend.reset(batch([], 1.0), 1)
        assert backend.verify().passed
    needed = {(each.verb, each.resource) for each in NEEDED if not each.doctor_only}
    # Server-side apply creates by PATCH: the server asks for `create` as well when the object is not there yet.
    assert listening.used | {("create", "configmaps"), ("create", "deployments")} == needed
    assert own_namespace.left() == []


@pytest.mark.cluster
def test_the_doctor_misses_each_right_by_its_name(
    own_namespace: Cluster, redis_server: ReachableServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.platforms.kubernetes.doctor._tried", lambda *_: iter(()))
    file = accounts.account(own_namespace, accounts.rules(), tmp_path)
    config = config_for(own_namespace, file, redis_server)
    assert {finding.what for finding in examine(config) if not finding.ok} == set()
    for missing in NEEDED:
        accounts.set_rules(own_namespace, file.stem, accounts.without(accounts.rules(), missing))
        until(lambda missing=missing: _missed(config) == {f"may {missing.shown}"}, f"{missing.shown} is missed")  # type: ignore[misc]


def _missed(config: Config) -> set[str]:
    return {finding.what for finding in examine(config) if not finding.ok}


@pytest.mark.cluster
def test_a_right_taken_away_in_the_episode_is_named_and_the_farm_goes_on(
    own_namespace: Cluster, redis_server: ReachableServer, tmp_path: Path
) -> None:
    file = accounts.account(own_namespace, accounts.rules(), tmp_path)
    missing = next(each for each in NEEDED if each.resource == "deployments/scale")
    with cluster_farm(own_namespace, redis_server, kubernetes={"kubeconfig": str(file)}) as backend:
        backend.reset(steady(30, 4.0, 0.2), 2)
        accounts.set_rules(own_namespace, file.stem, accounts.without(accounts.rules(), missing))
        outcome = until(lambda: _refused(backend.scale_to(3)), "the right is gone")
        assert "403" in outcome.detail
        assert "lacks this permission" in outcome.detail
        accounts.set_rules(own_namespace, file.stem, accounts.rules())
        until(lambda: backend.scale_to(4).reason is ScaleReason.OK, "the right is back")
        run_out(backend, 30)
        assert done_once(backend.verify()) == 30


def _refused(outcome: Any) -> Any:
    return outcome if outcome.reason is ScaleReason.REJECTED else None


@pytest.mark.cluster
def test_a_token_that_expires_is_told_and_a_new_one_taken(
    own_namespace: Cluster, redis_server: ReachableServer, tmp_path: Path
) -> None:
    file = accounts.account(own_namespace, accounts.rules(), tmp_path)
    with cluster_farm(own_namespace, redis_server, kubernetes={"kubeconfig": str(file)}) as backend:
        backend.reset(steady(30, 4.0, 0.2), 2)
        own_namespace.api.delete(own_namespace.path("serviceaccounts", file.stem))
        outcome = until(lambda: _refused(backend.scale_to(platform_of(backend)._view.requested + 1)), "401")
        assert "401" in outcome.detail
        assert "renew the token" in outcome.detail
        own_namespace.create("serviceaccounts", {"metadata": {"name": file.stem}})
        accounts.renew(own_namespace, file.stem, file)
        until(lambda: backend.scale_to(1).reason is ScaleReason.OK, "the new token works")
        run_out(backend, 30)
        assert done_once(backend.verify()) == 30


@pytest.mark.cluster
def test_the_doctor_finds_nothing_wrong_with_a_good_cluster(cluster: Cluster, redis_server: ReachableServer) -> None:
    findings = examine(config_for(cluster, kubeconfig(), redis_server))
    assert [finding for finding in findings if not finding.ok] == []
    assert {"server version", "image", "Redis from a pod"} <= {finding.what for finding in findings}
    assert cluster.left() == []


@pytest.mark.cluster
def test_the_doctor_finds_a_missing_image_and_an_unreachable_redis(
    cluster: Cluster, redis_server: ReachableServer
) -> None:
    image = {"live.kubernetes.image": "localhost/nothing:1"}
    findings = {each.what: each for each in examine(config_for(cluster, kubeconfig(), redis_server, **image))}
    assert "ErrImageNeverPull" in findings["image"].detail
    redis = {"live.kubernetes.redis_url": "redis://10.255.255.1:6379/0"}
    findings = {each.what: each for each in examine(config_for(cluster, kubeconfig(), redis_server, **redis))}
    assert not findings["Redis from a pod"].ok
    assert "10.255.255.1" in findings["Redis from a pod"].detail or "there" in findings["Redis from a pod"].detail
    assert "live.kubernetes.redis_url" in findings["Redis from a pod"].remedy


@pytest.mark.cluster
def test_the_doctor_finds_an_autoscaler_on_the_same_workers(
    own_namespace: Cluster, redis_server: ReachableServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.platforms.kubernetes.doctor._tried", lambda *_: iter(()))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "farm-worker"}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    hpa = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "rival"},
        "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 5, "metrics": [metric]},
    }
    own_namespace.create("horizontalpodautoscalers", hpa, group="/apis/autoscaling/v2")
    findings = examine(config_for(own_namespace, kubeconfig(), redis_server))
    (found,) = [finding for finding in findings if not finding.ok]
    assert found.what == "who else scales the workers"
    assert "rival" in found.detail
    assert "external" in found.remedy
    watched = config_for(own_namespace, kubeconfig(), redis_server, **{"live.kubernetes.control": "external"})
    assert all(finding.ok for finding in examine(watched))


def test_permissions_read_as_people_write_them() -> None:
    assert Permission("patch", "apps", "deployments/scale", "why").shown == "patch deployments/scale"
