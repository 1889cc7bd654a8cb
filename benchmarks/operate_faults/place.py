"""Where the campaign is: a namespace, somebody's Deployment, and for each controller a gateway and the least rights."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.operate_faults.books import QUEUE
from benchmarks.operate_faults.gateway import Gateway
from live.platforms.kubernetes.access import Permission
from operate.targets.kubernetes.access import act, lead, look
from operate.targets.kubernetes.scaled import Scaled
from tests.live.platforms.kubernetes import clusters
from tests.live.platforms.kubernetes.clusters import Cluster
from tests.live.platforms.kubernetes.fake_server import write_kubeconfig
from tests.operate.targets.kubernetes.accounts import account
from tests.operate.targets.kubernetes.deployments import APPS, deployment
from tests.waiting import until

NAME, LEASE = "consumer", "operate"
LEASES = "/apis/coordination.k8s.io/v1"
CONSUMER = Path(__file__).with_name("consumer.py")
#: A worker ends after its task; a server that is away in the meantime is waited for.
GRACE_S = 120
#: Without a share of its own a worker starves on a busy machine, and is killed before it ends.
CPU = "100m"
FIRST = 2
#: Whoever scales by hand is called so in ``managedFields``.
PERSON = "kubectl-scale"


@dataclass(frozen=True, slots=True)
class Place:
    """A Deployment in a namespace of its own.

    Attributes:
        cluster: where it is; used by the campaign itself, past all gateways.
    """

    cluster: Cluster

    @property
    def path(self) -> str:
        """The Deployment's path."""
        return self.cluster.path("deployments", NAME, group=APPS)

    def workers(self) -> int:
        """Return the wanted number."""
        return int(self.cluster.api.get(self.path)["spec"]["replicas"])

    def delete_lease(self) -> None:
        """Delete the Lease as a person does."""
        self.cluster.api.delete(self.cluster.path("leases", LEASE, group=LEASES))

    def scale_by_hand(self, workers: int) -> None:
        """Change the number as a person does."""
        body = {"spec": {"replicas": workers}}
        self.cluster.api._send(  # noqa: SLF001 - Api always says that it is us
            "PATCH", f"{self.path}/scale", 5.0, body, "application/merge-patch+json", {"fieldManager": PERSON}
        )


@contextmanager
def a_place(redis_address: str, image: str) -> Iterator[Place]:
    """Make one, and delete it afterwards.

    Args:
        redis_address: ``host:port`` as pods reach the server.
        image: that has Python.
    """
    with clusters.namespace() as cluster:
        body = deployment(NAME, FIRST, image)
        pod = body["spec"]["template"]["spec"]
        pod["terminationGracePeriodSeconds"] = GRACE_S
        pod["shareProcessNamespace"] = True  # the first process of a namespace has no default for SIGTERM
        named = {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
        command = ["python", "-S", "-c", CONSUMER.read_text("utf-8"), *redis_address.split(":"), QUEUE, "$(POD)"]
        pod["containers"][0] |= {"command": command, "env": [named], "resources": {"requests": {"cpu": CPU}}}
        cluster.create("deployments", body, group=APPS)
        path = cluster.path("deployments", NAME, group=APPS)
        try:
            until(
                lambda: cluster.api.get(path)["status"].get("readyReplicas") == FIRST,
                f"{FIRST} workers with the image {image} are ready",
                within_s=60.0,
            )
            yield Place(cluster)
        finally:
            cluster.api.delete(cluster.path("deployments", NAME, group=APPS))
            cluster.api.delete(cluster.path("pods"), labelSelector=f"app={NAME}", grace_s=0)


@contextmanager
def gateways(place: Place, names: list[str], folder: Path) -> Iterator[dict[str, Gateway]]:
    """Give each controller a gateway of its own, and write ``NAME.kubeconfig`` that leads there."""
    api = place.cluster.api
    authority = Path(api._client.configuration.ssl_ca_cert)  # noqa: SLF001 - the client made it a file
    with ExitStack() as stack:
        made = {}
        for name in names:
            made[name] = Gateway(api.server, authority)
            stack.callback(made[name].close)
            rights = _rights(place, acts=name in {"a", "b"})
            token = json.loads(account(place.cluster, rights, folder).read_text("utf-8"))["users"][0]["user"]["token"]
            write_kubeconfig(folder / f"{name}.kubeconfig", made[name].url, token)
        time.sleep(1.0)  # rights take a moment to be known
        yield made


def _rights(place: Place, *, acts: bool) -> list[Permission]:
    """Return exactly what the mode needs; who watches may change nothing."""
    scaled = Scaled("apps", "v1", "deployments", place.cluster.namespace, NAME)
    if not acts:
        return [*look(scaled)]
    return [*look(scaled), *lead(LEASE), *act(scaled, lease=True, idle=False)]


def target_of(place: Place, kubeconfig: Path) -> dict[str, Any]:
    """Return the target's settings."""
    return {
        "kind": "kubernetes",
        "resource": f"deployment/{NAME}",
        "namespace": place.cluster.namespace,
        "kubeconfig": str(kubeconfig),
        "watch_renewal": 1.0,
    }
