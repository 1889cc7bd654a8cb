"""What the watches have brought about one scaled object: wanted and made workers, its pods, and who else scaled it."""

from __future__ import annotations

import threading

from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.informer import Informer, silence
from live.platforms.kubernetes.view import failure
from live.platforms.kubernetes.wanted import Wanted
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
        self._wanted, self._applied = Wanted(), 0
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
            return self._wanted.count or 0

    def workers(self) -> list[Worker]:
        """Return the pods, in no order."""
        with self._lock:
            return list(self._workers.values())

    def sending(self, workers: int) -> None:
        """Note that a request of ours is under way, -1: none is."""
        with self._lock:
            self._wanted.sending(workers)

    def asked(self, answer: Json) -> int:
        """Take in the server's answer to a request of ours; return the number it took."""
        with self._lock:
            return self._wanted.asked(answer)

    def state(self) -> TargetState:
        """Return what is true now; who else changed the number is told once."""
        with self._lock:
            there = [each.pod for each in self._workers.values() if each.there]
            ready = sum(pod.ready for pod in there) if self._knows_pods else self._applied
            return TargetState(
                requested=self._wanted.count or 0,
                applied=self._applied,
                ready=min(ready, self._applied),
                draining=sum(each.pod.leaving for each in self._workers.values()),
                changed_by=self._wanted.take_changed_by(),
                age_s=max(informer.age_s() for informer in self._informers),
                trouble=self._trouble(),
            )

    def _trouble(self) -> str:
        if silent := silence(self._informers, self._renewal_s):
            return silent
        if self._missing:
            return f"{self._scaled.plural}/{self._scaled.name} is not there (any more)"
        pods = {each.pod.trouble for each in self._workers.values() if each.pod.trouble and each.there}
        return "; ".join(sorted(pods | ({self._failure} if self._failure else set())))

    # -- in the informers' threads

    def _object_changed(self, kind: str, item: Json) -> None:
        requested, applied = (0, 0) if kind == "DELETED" else self._counts(item)
        with self._lock:
            self._missing = kind == "DELETED"
            self._applied, self._failure = applied, failure(item)
            if not self._missing:
                self._wanted.told(item, requested)

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
