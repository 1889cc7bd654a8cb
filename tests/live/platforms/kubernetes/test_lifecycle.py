"""`farm up`, `status` and `down`, and that nothing stays behind, whoever was killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.config.live import LiveConfig
from autoscaling_env.errors import BackendError
from live.backend import farm_spec
from live.platforms.kubernetes.lifecycle import farm_down, farm_status, farm_up, farms
from live.platforms.kubernetes.platform import KubernetesPlatform
from tests.live.platforms.kubernetes import accounts
from tests.live.platforms.kubernetes.clusters import (
    Cluster,
    ReachableServer,
    cluster_config,
    farm_config,
    kubeconfig,
)
from tests.live.platforms.kubernetes.test_access import config_for
from tests.places import ROOT
from tests.waiting import until

pytestmark = pytest.mark.cluster


def test_up_status_down(cluster: Cluster, redis_server: ReachableServer) -> None:
    config = config_for(cluster, kubeconfig(), redis_server, **{"live.farm": "Up_and.down"})
    seen: list[tuple[int, int]] = []
    farm_up(config, 3, lambda ready, wanted: seen.append((ready, wanted)))
    try:
        assert seen[-1] == (5, 5)
        assert [(row.role, row.wanted, row.ready) for row in farm_status(config)] == [
            ("collector", 1, 1), ("emitter", 1, 1), ("worker", 3, 3),
        ]  # fmt: skip
        (name,) = farms(config)
        assert name.startswith("up-and-down-")
        farm_up(config, 3)
    finally:
        farm_down(config)
    farm_down(config)
    assert farm_status(config) == []
    until(lambda: not cluster.left(), "nothing is left")


def test_up_says_why_pods_do_not_start(cluster: Cluster, redis_server: ReachableServer) -> None:
    broken = {"live.kubernetes.image": "localhost/nothing:1", "live.farm": "broken"}
    config = config_for(cluster, kubeconfig(), redis_server, **broken)
    with pytest.raises(BackendError, match=r"ErrImageNeverPull.*nothing:1"):
        farm_up(config, 1)
    farm_down(config)
    until(lambda: not cluster.left(), "nothing is left")


KILLED = """
import sys, time
from tests.live.platforms.kubernetes.clusters import Cluster, ReachableServer
from tests.live.platforms.kubernetes.test_access import config_for
from live.platforms.kubernetes.lifecycle import farm_up
class Server:
    url = pods_url = sys.argv[2]
cluster = Cluster(sys.argv[1])
farm_up(config_for(cluster, sys.argv[3], Server(), **{"live.farm": "killed"}), 2, lambda *_: print("up", flush=True))
time.sleep(60)
"""


def test_down_after_a_killed_up_leaves_nothing(cluster: Cluster, redis_server: ReachableServer) -> None:
    arguments = [cluster.namespace, redis_server.pods_url, kubeconfig()]
    with subprocess.Popen([sys.executable, "-c", KILLED, *arguments], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert cluster.left()
    farm_down(config_for(cluster, kubeconfig(), redis_server, **{"live.farm": "killed"}))
    until(lambda: not cluster.left(), "nothing is left")


def test_deleting_the_owner_alone_takes_everything_along(cluster: Cluster, redis_server: ReachableServer) -> None:
    config = config_for(cluster, kubeconfig(), redis_server, **{"live.farm": "owned"})
    farm_up(config, 1)
    cluster.api.delete(cluster.path("configmaps", "owned-farm"))
    until(lambda: not cluster.left(), "Kubernetes deletes what it owned")


KINDS = {
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "Secret": ("/api/v1", "secrets"),
    "Service": ("/api/v1", "services"),
    "StatefulSet": ("/apis/apps/v1", "statefulsets"),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
}


@pytest.mark.parametrize(
    "file",
    ["base/rbac.yaml", "base/networkpolicy.yaml", "base/disruption.yaml", "overlays/redis-in-cluster/redis.yaml"],
)
def test_manifests_are_taken_by_the_server(own_namespace: Cluster, file: str) -> None:
    """Strictly: an unknown field is an error. Created for real, not only tried."""
    for document in accounts.documents(file):
        group, plural = KINDS[document["kind"]]
        document["metadata"]["namespace"] = own_namespace.namespace
        for subject in document.get("subjects", []):
            subject["namespace"] = own_namespace.namespace
        _create(own_namespace, f"{group}/namespaces/{own_namespace.namespace}/{plural}", document)


def _create(cluster: Cluster, path: str, document: dict[str, Any]) -> None:
    query = {"fieldValidation": "Strict"}
    answer = cluster.api._send("POST", path, 5.0, document, "application/json", query)
    assert answer["metadata"]["name"] == document["metadata"]["name"]


def test_kustomizations_name_files_that_exist() -> None:
    for file in (ROOT / "deploy/kubernetes").rglob("kustomization.yaml"):
        (content,) = accounts.documents(str(file.relative_to(ROOT / "deploy/kubernetes")))
        for resource in content["resources"]:
            assert (file.parent / Path(resource)).exists(), f"{file}: {resource}"


def test_whoever_lost_the_farm_leaves_it_to_the_other(cluster: Cluster, redis_server: ReachableServer) -> None:
    spec = farm_spec(farm_config(), LiveConfig(farm="disputed"), redis_server.pods_url)
    spec = replace(spec, open_timeout_s=60.0, call_timeout_s=5.0)
    first, second = (KubernetesPlatform(cluster_config(cluster.namespace)) for _ in range(2))
    first.open(spec)
    try:
        second.open(spec)
        first.close()
        assert {"disputed-farm", "disputed-worker"} <= set(cluster.left())
        assert second.counts(()).requested == 0
    finally:
        second.close()
    until(lambda: not cluster.left(), "nothing is left")
