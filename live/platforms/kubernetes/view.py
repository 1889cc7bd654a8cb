"""What the watches have brought about one farm: its pods, the wanted number of workers, and who else changed it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.informer import Informer, silence
from live.platforms.kubernetes.names import ROLE, Names
from live.platforms.kubernetes.pods import Pod, read_pod
from live.platforms.kubernetes.wanted import Wanted

logger = logging.getLogger(__name__)

#: Called with ``ADDED``, ``MODIFIED`` or ``DELETED`` and a pod.
PodListener = Callable[[str, Pod], None]


class View:
    """The farm as the API server last changes it.

    Args:
        on_pod: called in the watch's thread for every change of a worker's pod.
    """

    def __init__(self, api: Api, names: Names, renewal_s: float, on_pod: PodListener) -> None:
        self._renewal_s = renewal_s
        self._worker = names.of("worker")
        self._on_pod = on_pod
        self._lock = threading.RLock()
        self._pods: dict[str, Pod] = {}
        self._services: dict[str, Pod] = {}
        self._wanted = Wanted(0)
        self._failure = ""
        self.deleted = False
        self._informers = (
            Informer(api, names.deployments, names.selector, renewal_s, self._deployment_changed),
            Informer(api, names.pods, names.selector, renewal_s, self._pod_changed),
        )

    def start(self) -> None:
        """List everything, then follow it."""
        for informer in self._informers:
            informer.start()

    def close(self) -> None:
        """Look no more."""
        for informer in self._informers:
            informer.close()

    @property
    def stale(self) -> str:
        """Why the view is out of date, or ""."""
        return silence(self._informers, self._renewal_s)

    @property
    def requested(self) -> int:
        """How many workers are wanted."""
        with self._lock:
            return self._wanted.count or 0

    def workers(self) -> tuple[Pod, ...]:
        """Return the pods of workers, of all episodes, in no order."""
        with self._lock:
            return tuple(self._pods.values())

    def services(self) -> tuple[Pod, ...]:
        """Return the pods of emitter and collector."""
        with self._lock:
            return tuple(self._services.values())

    def sending(self, workers: int) -> None:
        """Note that a request of ours is under way: the watch may tell of it before its answer is here."""
        with self._lock:
            self._wanted.sending(workers)

    def asked(self, answer: Json) -> int:
        """Take in the server's answer to a request of ours; return the number it took."""
        with self._lock:
            self.deleted = False
            return self._wanted.asked(answer)

    def take_changed_by(self) -> str:
        """Return who else changed the wanted number since the last call, and forget it."""
        with self._lock:
            return self._wanted.take_changed_by()

    def trouble(self) -> str:
        """Return why wanted workers do not start, or ""."""
        with self._lock:
            pods = {pod.trouble for pod in self._pods.values() if pod.trouble and not pod.leaving}
            return "; ".join(sorted(pods | ({self._failure} if self._failure else set())))

    # -- in the informers' threads

    def _deployment_changed(self, kind: str, item: Json) -> None:
        if item["metadata"]["name"] != self._worker:
            return
        with self._lock:
            self.deleted = kind == "DELETED"
            self._failure = failure(item)
            if not self.deleted:
                self._wanted.told(item, int(item["spec"].get("replicas", 0)))

    def _pod_changed(self, kind: str, item: Json) -> None:
        pod = read_pod(item)
        role = item["metadata"]["labels"].get(ROLE)
        pods = self._pods if role == "worker" else self._services
        with self._lock:
            if kind == "DELETED":
                pods.pop(pod.name, None)
            else:
                pods[pod.name] = pod
        if role == "worker":
            self._on_pod(kind, pod)


def failure(item: Json) -> str:
    """Return why the object's controller cannot make more pods, by its conditions; "": it can."""
    for condition in item.get("status", {}).get("conditions", []):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return f"Kubernetes refuses more workers: {condition.get('message', condition.get('reason', ''))}"
    return ""
