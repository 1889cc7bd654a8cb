"""What the watches have brought about one scaled object: wanted and made workers, its pods, and who else scaled it."""

from __future__ import annotations

import threading

from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.informer import Informer
from live.platforms.kubernetes.owners import who_else
from live.platforms.kubernetes.view import failure
from operate.reading import TargetState
from operate.targets.kubernetes.pods import Mark, Worker, read_worker
from operate.targets.kubernetes.scaled import Scaled


class ScaledView:
    """An object and its pods as the API server last changed them.

    Args:
        selector: selects its pods, as the scale subresource says; "": nobody knows them.
        renewal_s: seconds that a watch lasts.
        mark: by which a pod says that it is idle.
    """

    def __init__(self, api: Api, scaled: Scaled, selector: str, renewal_s: float, mark: Mark | None) -> None:
        self._api, self._scaled, self._mark = api, scaled, mark
        self._renewal_s = renewal_s
        self._lock = threading.RLock()
        self._workers: dict[str, Worker] = {}
        self._requested, self._applied, self._version = -1, 0, 0
        self._sent = -1
        self._changed_by: list[str] = []
        self._failure = ""
        self._missing = True
        self._informers = [
            Informer(api, scaled.all, "", renewal_s, self._object_changed, fields=scaled.fields),
        ]
        self._knows_pods = bool(selector)
        if selector:
            self._informers.append(Informer(api, scaled.pods, selector, renewal_s, self._pod_changed))

    def start(self) -> None:
        """List everything, then follow it.

        Raises:
            BackendError: it cannot be listed; a view that did not start is closed and made anew.
        """
        for informer in self._informers:
            informer.start()

    def close(self) -> None:
        """Look no more."""
        for informer in self._informers:
            informer.close()

    @property
    def requested(self) -> int:
        """How many workers are wanted."""
        with self._lock:
            return max(0, self._requested)

    def workers(self) -> list[Worker]:
        """Return the pods, in no order."""
        with self._lock:
            return list(self._workers.values())

    def sending(self, workers: int) -> None:
        """Note that a request of ours is under way, -1: none is.

        The watch may tell of it before its answer is here, or without one.
        """
        with self._lock:
            self._sent = workers

    def asked(self, answer: Json) -> int:
        """Take in the server's answer to a request of ours; return the number it took."""
        with self._lock:
            self._sent = -1
            self._requested = int(answer.get("spec", {}).get("replicas", 0))
            self._version = max(self._version, int(answer["metadata"]["resourceVersion"]))
            return self._requested

    def state(self) -> TargetState:
        """Return what is true now; who else changed the number is told once."""
        with self._lock:
            changes, self._changed_by = "; ".join(self._changed_by), []
            there = [each.pod for each in self._workers.values() if each.there]
            ready = sum(pod.ready for pod in there) if self._knows_pods else self._applied
            return TargetState(
                requested=max(0, self._requested),
                applied=self._applied,
                ready=min(ready, self._applied),
                draining=sum(each.pod.leaving for each in self._workers.values()),
                changed_by=changes,
                age_s=max(informer.age_s() for informer in self._informers),
                trouble=self._trouble(),
            )

    def _trouble(self) -> str:
        for informer in self._informers:
            if informer.trouble:
                return informer.trouble
            if informer.age_s() > 2 * self._renewal_s:
                return f"the API server has been silent for {informer.age_s():.0f} s"
        if self._missing:
            return f"{self._scaled.plural}/{self._scaled.name} is not there (any more)"
        pods = {each.pod.trouble for each in self._workers.values() if each.pod.trouble and each.there}
        return "; ".join(sorted(pods | ({self._failure} if self._failure else set())))

    # -- in the informers' threads

    def _object_changed(self, kind: str, item: Json) -> None:
        version = int(item["metadata"]["resourceVersion"])
        requested, applied = (0, 0) if kind == "DELETED" else self._counts(item)
        with self._lock:
            self._missing = kind == "DELETED"
            self._applied, self._failure = applied, failure(item)
            if version <= self._version or self._missing:
                return
            who = "" if requested == self._sent else who_else(item)
            self._sent = -1 if requested == self._sent else self._sent
            if 0 <= self._requested != requested and who:
                self._changed_by.append(f"{who} changed the workers from {self._requested} to {requested}")
            self._requested, self._version = requested, version

    def _counts(self, item: Json) -> tuple[int, int]:
        """Return wanted and made workers; only the object's own definition knows where a CRD keeps them."""
        told = item if self._scaled.group == "apps" else self._api.get(self._scaled.scale)
        return int(told["spec"].get("replicas", 0)), int(told.get("status", {}).get("replicas", 0))

    def _pod_changed(self, kind: str, item: Json) -> None:
        worker = read_worker(item, self._mark)
        with self._lock:
            if kind == "DELETED":
                self._workers.pop(worker.pod.name, None)
            else:
                self._workers[worker.pod.name] = worker
