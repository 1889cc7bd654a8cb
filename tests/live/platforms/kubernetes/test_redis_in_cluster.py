"""The Redis of deploy/kubernetes/overlays/redis-in-cluster: its pod is restarted under a running farm."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.config.live import LiveConfig
from autoscaling_env.testing.backend import steady
from live.platforms.kubernetes.farm import kubernetes_backend
from tests.live.farms import done_once
from tests.live.platforms.kubernetes import accounts
from tests.live.platforms.kubernetes.clusters import Cluster, cluster_config, farm_config, run_out
from tests.waiting import until

pytestmark = pytest.mark.cluster

MANIFEST = "overlays/redis-in-cluster/redis.yaml"


@pytest.fixture
def redis_address(own_namespace: Cluster, redis_image: str) -> Iterator[str]:
    """Apply the manifest with a volume of this node; return the service's address."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        volume = _volume(own_namespace, folder)
        for document in accounts.documents(MANIFEST):
            _apply(own_namespace, document, redis_image)
        path = own_namespace.path("services", "redis")
        address = own_namespace.api.get(path)["spec"]["clusterIP"]
        until(lambda: _answers(address), "Redis answers")
        yield f"redis://{address}:6379/0"
        own_namespace.api.delete(own_namespace.path("statefulsets", "redis", group="/apis/apps/v1"))
        own_namespace.api.delete(f"/api/v1/persistentvolumes/{volume}")
        until(lambda: not _answers(address), "Redis has stopped")


def _volume(cluster: Cluster, folder: str) -> str:
    name = f"redis-{cluster.namespace}"
    claim = {"namespace": cluster.namespace, "name": "data-redis-0"}
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": folder},
        "claimRef": claim,
        "persistentVolumeReclaimPolicy": "Retain",
    }
    cluster.api.post("/api/v1/persistentvolumes", {"metadata": {"name": name}, "spec": spec})
    return name


def _apply(cluster: Cluster, document: dict[str, Any], image: str) -> None:
    plural = {"Service": "services", "StatefulSet": "statefulsets"}.get(document["kind"])
    if plural is None:
        return
    if plural == "statefulsets":
        container = document["spec"]["template"]["spec"]["containers"][0]
        container |= {"image": image, "imagePullPolicy": "Never"}
        document["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] = ""
    cluster.create(plural, document, group="/apis/apps/v1" if plural == "statefulsets" else "/api/v1")


def _answers(address: str) -> bool:
    try:
        with socket.create_connection((address, 6379), timeout=1):
            return True
    except OSError:
        return False


def test_its_pod_killed_and_made_anew_loses_nothing(own_namespace: Cluster, redis_address: str) -> None:
    live = LiveConfig(
        farm="inside",
        lease_s=5.0,
        redis_url=redis_address,
        kubernetes=cluster_config(own_namespace.namespace, redis_url=f"redis://redis.{own_namespace.namespace}:6379/0"),
    )
    backend = kubernetes_backend(farm_config(), live)
    try:
        backend.reset(steady(80, 4.0, 0.5), 4)
        backend.advance(4.0)
        own_namespace.api.delete(own_namespace.path("pods", "redis-0"), grace_s=0)
        run_out(backend, 80, real_s=90)
        assert done_once(backend.verify()) == 80
    finally:
        backend.close()
