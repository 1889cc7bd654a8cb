"""Somebody's Deployment: its pods run no program of ours."""

from __future__ import annotations

import uuid
from typing import Any

from operate.targets.kubernetes.settings import KubernetesTargetConfig
from tests.live.platforms.kubernetes.clusters import Cluster, kubeconfig
from tests.live.platforms.kubernetes.images import IMAGE

APPS = "/apis/apps/v1"
#: Finishes for a second when it is told to go.
PROGRAM = "import signal, time; signal.signal(15, lambda *_: (time.sleep(1), exit(0))); signal.pause()"


class Workers:
    """One Deployment with so many replicas.

    Args:
        cluster: where it is made.
        replicas: at first.
        image: of its pods; one that has Python.
    """

    def __init__(self, cluster: Cluster, replicas: int = 0, image: str = IMAGE) -> None:
        self.cluster, self.name = cluster, f"worker-{uuid.uuid4().hex[:6]}"
        self.path = cluster.path("deployments", self.name, group=APPS)
        cluster.create("deployments", deployment(self.name, replicas, image), group=APPS)

    def config(self, **values: Any) -> KubernetesTargetConfig:
        given = {
            "resource": f"deployment/{self.name}", "namespace": self.cluster.namespace, "kubeconfig": kubeconfig(),
            "watch_renewal": 2.0,
        }  # fmt: skip
        return KubernetesTargetConfig.model_validate(given | values)

    def read(self) -> dict[str, Any]:
        return self.cluster.api.get(self.path)

    def replicas(self) -> int:
        return int(self.read()["spec"]["replicas"])

    def pods(self) -> list[dict[str, Any]]:
        return self.cluster.pods(f"app={self.name}")

    def scale_as(self, manager: str, replicas: int) -> None:
        """Change the number as somebody whom ``managedFields`` calls so."""
        body = {"spec": {"replicas": replicas}}
        self.cluster.api._send(
            "PATCH", f"{self.path}/scale", 5.0, body, "application/merge-patch+json", {"fieldManager": manager}
        )

    def delete(self) -> None:
        self.cluster.api.delete(self.path)
        self.cluster.api.delete(self.cluster.path("pods"), labelSelector=f"app={self.name}", grace_s=0)


def deployment(name: str, replicas: int, image: str) -> dict[str, Any]:
    labels = {"app": name}
    container = {
        "name": "worker",
        "image": image,
        "imagePullPolicy": "Never" if image.startswith("localhost/") else "IfNotPresent",
        "command": ["python", "-S", "-c", PROGRAM],
        "securityContext": {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True,
            "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"},
        },
    }  # fmt: skip
    pod = {"containers": [container], "terminationGracePeriodSeconds": 5, "automountServiceAccountToken": False}
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
