"""A real cluster for tests: a namespace of the test's own, the image, and a Redis that pods can reach."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from autoscaling_env.config.distributions import Constant
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.kubernetes import KubernetesConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.types import Telemetry
from live.backend import LiveBackend
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.deaths import host_of
from live.platforms.kubernetes.errors import ClusterRefused
from live.platforms.kubernetes.farm import kubernetes_backend
from live.platforms.kubernetes.platform import KubernetesPlatform
from live.wire.keys import key
from tests.live.platforms.kubernetes.images import IMAGE
from tests.live.servers import RunningServer
from tests.waiting import PATIENCE_S, until

HOW = (
    "no cluster: set AUTOSCALE_TEST_KUBECONFIG to the kubeconfig of one for tests, such as "
    "`kind create cluster` or k3s; then `docker build -t localhost/openfaas-autoscaling:test .` and load the image"
)


def kubeconfig() -> str:
    """Return the test cluster's kubeconfig, or skip and say how to get one."""
    path = os.environ.get("AUTOSCALE_TEST_KUBECONFIG", "")
    if not path:
        pytest.skip(HOW)
    return path


def cluster_config(namespace: str, **values: Any) -> KubernetesConfig:
    given = {
        "namespace": namespace,
        "kubeconfig": kubeconfig(),
        "image": IMAGE,
        "image_pull_policy": "Never" if IMAGE.startswith("localhost/") else "IfNotPresent",
        "open_timeout_s": 60.0,
        "watch_renewal_s": 2.0,
    }
    return KubernetesConfig(**(given | values))


def farm_config(startup_s: float = 0.0, max_workers: int = 16) -> FarmConfig:
    return FarmConfig(
        min_workers=0,
        max_workers=max_workers,
        initial_workers=2,
        pickup=Constant(value_s=0.0),
        collect_s=0.0,
        startup=Constant(value_s=startup_s),
    )


class Cluster:
    """The test cluster, seen from a namespace of its own."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.api = Api(cluster_config(namespace))

    def path(self, kind: str, name: str = "", group: str = "/api/v1") -> str:
        return f"{group}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")

    def create(self, kind: str, body: dict[str, Any], group: str = "/api/v1") -> dict[str, Any]:
        return self.api.post(self.path(kind, group=group), body)

    def pods(self, selector: str = "") -> list[dict[str, Any]]:
        query: dict[str, Any] = {"labelSelector": selector} if selector else {}
        items: list[dict[str, Any]] = self.api.get(self.path("pods"), **query)["items"]
        return items

    def left(self, kinds: tuple[str, ...] = ("pods", "configmaps")) -> list[str]:
        """Return what carries our label."""
        label: dict[str, Any] = {"labelSelector": "app.kubernetes.io/part-of=openfaas-autoscaling"}
        found = [i["metadata"]["name"] for kind in kinds for i in self.api.get(self.path(kind), **label)["items"]]
        for kind in ("deployments", "replicasets"):
            items = self.api.get(self.path(kind, group="/apis/apps/v1"), **label)["items"]
            found += [item["metadata"]["name"] for item in items]
        return found


@contextmanager
def namespace() -> Iterator[Cluster]:
    """A fresh namespace, with the Pod Security Standard `restricted` enforced; deleted afterwards."""
    cluster = Cluster(f"test-{uuid.uuid4().hex[:8]}")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.api.post("/api/v1/namespaces", {"metadata": {"name": cluster.namespace, "labels": labels}})
    until(lambda: _has_default_account(cluster), "the namespace has its service account")
    try:
        yield cluster
    finally:
        cluster.api.delete(f"/api/v1/namespaces/{cluster.namespace}", within_s=20)
        cluster.api.close()


def _has_default_account(cluster: Cluster) -> bool:
    try:
        cluster.api.get(cluster.path("serviceaccounts", "default"))
    except ClusterRefused:
        return False
    return True


def address_for_pods() -> str:
    """Return an address of this machine that pods reach: the one we use towards a node."""
    api = Api(cluster_config("default"))
    (node, *_) = api.get("/api/v1/nodes")["items"]
    api.close()
    internal = next(each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((internal, 9))
        return str(probe.getsockname()[0])


class ReachableServer(RunningServer):
    """A Redis server on this machine that pods reach at ``pods_url``."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("0.0.0.0", 0))  # noqa: S104 - pods come from outside
            port = probe.getsockname()[1]
        super().__init__("--bind", "0.0.0.0", "--protected-mode", "no", port=port)  # noqa: S104
        self.pods_url = f"redis://{address_for_pods()}:{port}/0"


@contextmanager
def cluster_farm(
    cluster: Cluster,
    server: ReachableServer,
    *,
    farm: FarmConfig | None = None,
    kubernetes: dict[str, Any] | None = None,
    **values: Any,
) -> Iterator[LiveBackend]:
    """A live farm of pods, closed afterwards; nothing may be left of it."""
    settings: dict[str, Any] = {
        "lease_s": 3.0,
        "hang_s": 30.0,
        "drain_grace_s": 10.0,
        "farm": f"f{uuid.uuid4().hex[:6]}",
    }
    live = LiveConfig(
        **(settings | values),
        redis_url=server.url,
        kubernetes=cluster_config(cluster.namespace, redis_url=server.pods_url, **(kubernetes or {})),
    )
    backend = kubernetes_backend(farm or farm_config(), live)
    try:
        yield backend
    finally:
        backend.close()


def platform_of(backend: LiveBackend) -> KubernetesPlatform:
    assert isinstance(backend.platform, KubernetesPlatform)
    return backend.platform


def run_out(backend: LiveBackend, tasks: int, *, step_s: float = 1.0, real_s: float = PATIENCE_S) -> list[Telemetry]:
    """Advance until all tasks are collected."""
    seen: list[Telemetry] = []
    give_up = time.monotonic() + real_s
    while not seen or seen[-1].output_queue < tasks:
        assert time.monotonic() < give_up, (seen[-1], backend.verify())
        seen.append(backend.advance(step_s))
    return seen


def collected(seen: list[Telemetry]) -> int:
    return int(np.sum([len(telemetry.collected_s) for telemetry in seen]))


def busy_pods(backend: LiveBackend) -> set[str]:
    """Return the pods whose worker holds a task."""
    leases = backend.queues.client.hvals(key(backend.queues.farm, "leased"))
    return {host_of(str(lease).split("|")[1]) for lease in leases}
