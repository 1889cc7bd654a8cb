"""What the watches have brought about one farm: its pods, the wanted number of workers, and who else changed it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.informer import Informer
from live.platforms.kubernetes.names import ROLE, Names
from live.platforms.kubernetes.owners import who_else
from live.platforms.kubernetes.pods import Pod, read_pod

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
        self._requested, self._version = 0, 0
        self._sent = -1
        self._changed_by: list[str] = []
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
        for informer in self._informers:
            if informer.trouble:
                return informer.trouble
            if informer.age_s() > 2 * self._renewal_s:
                return f"the API server has been silent for {informer.age_s():.0f} s"
        return ""

    @property
    def requested(self) -> int:
        """How many workers are wanted."""
        with self._lock:
            return self._requested

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
            self._sent = workers

    def asked(self, answer: Json) -> int:
        """Take in the server's answer to a request of ours; return the number it took."""
        with self._lock:
            self._sent = -1
            self._requested = int(answer.get("spec", {}).get("replicas", 0))
            self._version = max(self._version, int(answer["metadata"]["resourceVersion"]))
            self.deleted = False
            return self._requested

    def take_changed_by(self) -> str:
        """Return who else changed the wanted number since the last call, and forget it."""
        with self._lock:
            changes, self._changed_by = "; ".join(self._changed_by), []
            return changes

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
            version, replicas = int(item["metadata"]["resourceVersion"]), int(item["spec"].get("replicas", 0))
            if version <= self._version or kind == "DELETED":
                return
            who = "" if replicas == self._sent else who_else(item)
            if replicas != self._requested and who:
                self._changed_by.append(f"{who} changed the workers from {self._requested} to {replicas}")
            self._requested, self._version = replicas, version

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
