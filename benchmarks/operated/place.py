"""A namespace in which somebody has a queue's workers: a Deployment, who scales it, and accounts for a controller."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.operated.queues import Workers
from live.platforms.kubernetes.errors import ClusterRefused
from tests.live.platforms.kubernetes import accounts, images
from tests.live.platforms.kubernetes.accounts import RBAC
from tests.live.platforms.kubernetes.clusters import Cluster
from tests.operate.targets.kubernetes.accounts import documents
from tests.operate.targets.kubernetes.deployments import APPS
from tests.places import ROOT

IMAGE = "localhost/somebodys-workers:test"
WORKER, ACCOUNT = "worker", "autoscale-operate"
KEDA = "/apis/keda.sh/v1alpha1"
HPAS = "/apis/autoscaling/v2"
#: Without a share of its own a pod gets what the whole machine leaves, to the last process in the background.
CPU = "50m"
SAFE = {
    "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True,
    "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"},
}  # fmt: skip


def build_image() -> None:
    """Build the consumer's image and give it to the cluster, where the environment says how."""
    if not images.builder():
        return
    with tempfile.TemporaryDirectory() as folder:
        for file in (*(Path(__file__).parent / "shop").iterdir(), ROOT / "deploy/image/locked.py"):
            if file.is_file():
                shutil.copy(file, folder)
        locks = [(ROOT / name).read_text("utf-8") for name in ("requirements.lock", "requirements-dev.lock")]
        (Path(folder) / "requirements.lock").write_text("".join(locks), "utf-8")
        subprocess.run([images.builder(), IMAGE, folder], check=True, capture_output=True, timeout=580)  # noqa: S603 - ours


def deployment(workers: Workers, log_url: str) -> dict[str, Any]:
    """Return somebody's Deployment of one worker."""
    log = urlsplit(log_url)
    policy = "Never" if IMAGE.startswith("localhost/") else "IfNotPresent"
    common = {"image": IMAGE, "imagePullPolicy": policy, "securityContext": SAFE}
    told = {**workers.env, "LOG_HOST": str(log.hostname), "LOG_PORT": str(log.port)}
    env = [{"name": name, "value": value} for name, value in told.items()]
    share = {"resources": {"requests": {"cpu": CPU}}}
    fetch = common | {"name": "fetch", "command": ["sleep", str(workers.fetch_s)]}
    pod = {
        "initContainers": [fetch] if workers.fetch_s else [],
        "containers": [common | share | {"name": "worker", "command": list(workers.command), "env": env}],
        "shareProcessNamespace": True,  # as process 1 Python would not hear a SIGTERM before it has a handler
        "terminationGracePeriodSeconds": 60,
        "automountServiceAccountToken": False,
    }
    labels = {"app": WORKER}
    return {
        "metadata": {"name": WORKER},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def scaled_object(trigger: dict[str, Any], most: int) -> dict[str, Any]:
    """Return what makes KEDA scale the Deployment by its queue, as a person would have written it."""
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": WORKER},
        "spec": {
            "scaleTargetRef": {"name": WORKER},
            "pollingInterval": 5,
            "minReplicaCount": 1,
            "maxReplicaCount": most,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior}},
            "triggers": [trigger],
        },
    }


class Place:
    """The namespace.

    Args:
        cluster: it.
        workers: whose place it is.
        log_url: of the Redis in which they log, for pods.
        folder: for kubeconfigs.
    """

    def __init__(self, cluster: Cluster, workers: Workers, log_url: str, folder: Path) -> None:
        self.cluster, self._folder = cluster, folder
        self.path = cluster.path("deployments", WORKER, group=APPS)
        cluster.create("deployments", deployment(workers, log_url), group=APPS)
        cluster.create("serviceaccounts", {"metadata": {"name": ACCOUNT}})

    def grant(self, *roles: str) -> Path:
        """Give the account those roles of deploy/operate, and no more; return a kubeconfig with a fresh token."""
        objects = documents("base/rbac.yaml") + documents("overlays/act/rbac.yaml")
        for each in objects:
            kind, name = each["kind"], each["metadata"]["name"]
            if name not in roles:
                continue
            if kind == "RoleBinding":
                each["subjects"] = [subject | {"namespace": self.cluster.namespace} for subject in each["subjects"]]
            self.cluster.create(f"{kind.lower()}s", each, group=RBAC)
        return accounts.renew(self.cluster, ACCOUNT, self._folder / f"{roles[-1]}.kubeconfig")

    def keda(self, trigger: dict[str, Any], most: int) -> None:
        """Let KEDA scale the workers by its own trigger."""
        self.scaled_by(scaled_object(trigger, most))

    def scaled_by(self, scaled: dict[str, Any]) -> None:
        """Let KEDA scale the workers; returns when its HPA is there and knows the metric."""
        self.cluster.create("scaledobjects", scaled, group=KEDA)
        self._until(lambda: any(_works(each) for each in self._hpas()), "KEDA's HPA works", 120.0)

    def replicas(self) -> int:
        """Return how many workers are wanted."""
        return int(self.cluster.api.get(self.path)["spec"]["replicas"])

    def no_keda(self) -> None:
        """Take the ScaledObject away; returns when its HPA is gone."""
        self.cluster.api.delete(self.cluster.path("scaledobjects", WORKER, group=KEDA))
        self._until(lambda: not self._hpas(), "KEDA's HPA is gone", 60.0)

    def begin_with(self, workers: int) -> None:
        """Scale by hand; returns when so many are there and ready."""
        self.cluster.api.patch(f"{self.path}/scale", {"spec": {"replicas": workers}})
        self._until(lambda: self._counts() == (workers, workers), f"{workers} workers are ready", 180.0)

    def managers(self) -> list[str]:
        """Return who wrote the number of workers last, and other fields of the Deployment, as the cluster knows."""
        fields = self.cluster.api.get(self.path)["metadata"]["managedFields"]
        return sorted({f"{each['manager']} ({each.get('subresource') or 'object'})" for each in fields})

    # -- inside

    def _hpas(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cluster.api.get(self.cluster.path("horizontalpodautoscalers", group=HPAS))[
            "items"
        ]
        return found

    def _counts(self) -> tuple[int, int]:
        return len(self.cluster.pods()), int(self.cluster.api.get(self.path)["status"].get("readyReplicas", 0))

    @staticmethod
    def _until(true: Any, what: str, seconds: float) -> None:
        give_up = time.monotonic() + seconds
        while not _tried(true):
            if time.monotonic() > give_up:
                raise TimeoutError(f"not within {seconds:g} s: {what}")
            time.sleep(0.5)


def _works(hpa: dict[str, Any]) -> bool:
    conditions = {each["type"]: each["status"] for each in hpa.get("status", {}).get("conditions", [])}
    return conditions.get("ScalingActive") == "True"


def _tried(true: Any) -> bool:
    try:
        return bool(true())
    except ClusterRefused as error:
        if error.status != 404:
            raise
        return False
