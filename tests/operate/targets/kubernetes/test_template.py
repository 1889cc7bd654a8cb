"""A pod template, in what advice needs of it; objects as the API gives them."""

from __future__ import annotations

from typing import Any

import pytest

from operate.targets.kubernetes.settings import KubernetesTargetConfig
from operate.targets.kubernetes.template import read_template, template
from tests.live.platforms.kubernetes.fake_server import Answer, fake_api, write_kubeconfig


def deployment(*containers: dict[str, Any], kind: str = "Deployment", annotations: Any = None, **spec: Any) -> Any:
    metadata = {"name": "worker", "namespace": "jobs"}
    pod = {
        "metadata": {"labels": {"app": "worker"}, **({"annotations": annotations} if annotations else {})},
        "spec": {"containers": list(containers), **spec},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {"replicas": 3, "template": pod, "selector": {"matchLabels": {"app": "worker"}}},
    }


def container(name: str = "jobs", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": "shop/jobs:3", **more}


def test_command_grace_and_what_runs_before_the_stop_are_read():
    found = read_template(
        deployment(
            container(
                command=["celery"],
                args=["-A", "shop", "worker", "-Q", "$(QUEUE)", "-n", "$$(QUEUE)@$(HOST)"],
                env=[
                    {"name": "SHOP", "value": "main"},
                    {"name": "QUEUE", "value": "$(SHOP)-orders"},
                    {"name": "EMPTY"},
                    {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                ],
                lifecycle={"preStop": {"exec": {"command": ["sh", "-c", "sleep 5"]}}},
            ),
            terminationGracePeriodSeconds=120,
        )
    )
    assert found is not None
    assert found.where == "deployment/worker"
    assert found.command == ("celery", "-A", "shop", "worker", "-Q", "main-orders", "-n", "$(QUEUE)@$(HOST)")
    assert found.environment == {"SHOP": "main", "QUEUE": "main-orders", "EMPTY": ""}
    assert (found.grace_s, found.before_stop) == (120.0, "sh -c 'sleep 5'")
    assert (found.stop_signal, found.by_entry_point, found.beside) == ("SIGTERM", False, ())


def test_what_is_left_out_is_as_kubernetes_has_it():
    found = read_template(deployment(container(), kind="StatefulSet"))
    assert found is not None
    assert (found.where, found.command, found.grace_s, found.before_stop) == ("statefulset/worker", (), 30.0, "")
    none = read_template(deployment(container(), terminationGracePeriodSeconds=0))
    assert none is not None
    assert none.grace_s == 0.0


def test_arguments_alone_go_to_the_image_s_own_entry_point():
    found = read_template(deployment(container(args=["rq", "worker"])))
    assert found is not None
    assert found.command == ("rq", "worker")
    assert found.by_entry_point


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        ({"sleep": {"seconds": 7}}, "sleep 7"),
        ({"httpGet": {"path": "/drain", "port": 8080}}, "GET :8080/drain"),
        ({"tcpSocket": {"port": 1}}, ""),
    ],
)
def test_every_kind_of_prestop_is_told(hook, told):
    found = read_template(deployment(container(lifecycle={"preStop": hook, "stopSignal": "SIGQUIT"})))
    assert found is not None
    assert (found.before_stop, found.stop_signal) == (told, "SIGQUIT")


@pytest.mark.parametrize(
    ("names", "annotations", "chosen"),
    [
        (("istio-proxy", "jobs"), None, "jobs"),
        (("fluent-bit", "jobs", "web"), None, "jobs"),
        (("jobs", "worker"), None, "worker"),
        (("jobs", "worker"), {"kubectl.kubernetes.io/default-container": "jobs"}, "jobs"),
        (("jobs", "worker"), {"kubectl.kubernetes.io/default-container": "gone"}, "worker"),
        (("envoy", "log"), None, "envoy"),
    ],
)
def test_of_several_containers_the_worker_is_found(names, annotations, chosen):
    found = read_template(deployment(*(container(name) for name in names), annotations=annotations))
    assert found is not None
    assert found.container == chosen
    assert set(found.beside) == set(names) - {chosen}


@pytest.mark.parametrize(
    "spec", [{}, {"template": None}, {"template": {"spec": {}}}, {"workloadRef": {"kind": "Deployment", "name": "x"}}]
)
def test_what_has_no_pod_template_tells_nothing(spec):
    assert read_template({"kind": "Rollout", "metadata": {"name": "x"}, "spec": spec}) is None


REFUSED = Answer(403, {"message": 'deployments.apps "worker" is forbidden'})
LISTED = {"resources": [{"name": name, "kind": "Deployment"} for name in ("deployments", "deployments/scale")]}


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ([Answer(200, LISTED), Answer(200, deployment(container(command=["worker"])))], ("worker",)),
        ([Answer(200, LISTED), REFUSED], None),
        ([REFUSED], None),
    ],
)
def test_it_is_asked_of_the_api_and_a_refusal_breaks_nothing(tmp_path, script, told):
    with fake_api(tmp_path, Answer(200, {"gitVersion": "v1.34.0"}), *script):
        found = template(KubernetesTargetConfig(resource="deployment/worker", kubeconfig=str(tmp_path / "kubeconfig")))
    assert (found.command if found else None) == told


def test_a_cluster_that_cannot_be_asked_tells_nothing_and_breaks_nothing(tmp_path):
    away = write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9", "token")
    for file in (away, tmp_path / "none"):
        assert template(KubernetesTargetConfig(resource="deployment/worker", kubeconfig=str(file))) is None
