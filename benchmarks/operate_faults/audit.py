"""Every version of the Deployment and of the Lease as the API server tells them: no journal can gloss over it."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import Any

from autoscaling_env.errors import BackendError
from benchmarks.operate_faults.place import LEASE, LEASES, NAME, Place
from live.platforms.kubernetes.errors import WatchExpired
from live.platforms.kubernetes.owners import who_else
from operate.targets.kubernetes.scaler import term_of
from tests.operate.targets.kubernetes.deployments import APPS

RENEWAL_S = 10


@dataclass(frozen=True, slots=True)
class Count:
    """A version of the Deployment.

    Attributes:
        at_s: monotonic seconds at which it was told.
        version: of the object.
        workers: wanted.
        term: of the leader that stands on it.
        by: who else set the number; "": one of ours.
    """

    at_s: float
    version: int
    workers: int
    term: int
    by: str


@dataclass(frozen=True, slots=True)
class Holder:
    """A version of the Lease.

    Attributes:
        at_s: monotonic seconds at which it was told.
        name: of who holds it; "": nobody.
        term: its number of transitions.
    """

    at_s: float
    name: str
    term: int


class Audit:
    """Watches both until it is closed; a watch that ends goes on from where it was, so no version is missed."""

    def __init__(self, place: Place) -> None:
        self._place, self._over = place, threading.Event()
        self.counts: list[Count] = []
        self.holders: list[Holder] = []
        self.gaps = 0
        for kind, group, name, take in (
            ("deployments", APPS, NAME, self._count),
            ("leases", LEASES, LEASE, self._holder),
        ):
            path = place.cluster.path(kind, group=group)
            threading.Thread(target=self._follow, args=(path, name, take), daemon=True).start()

    def close(self) -> None:
        """Watch no more."""
        self._over.set()

    # -- in the threads

    def _follow(self, path: str, name: str, take: Any) -> None:
        version = ""
        while not self._over.is_set():
            try:
                if not version:
                    version = self._list(path, name, take)
                version = self._watch(path, name, take, version)
            except WatchExpired:
                self.gaps += 1
                version = ""
            except BackendError:
                self._over.wait(0.2)

    def _list(self, path: str, name: str, take: Any) -> str:
        answer = self._place.cluster.api.get(path, fieldSelector=f"metadata.name={name}")
        for item in answer["items"]:
            take(item)
        return str(answer["metadata"]["resourceVersion"])

    def _watch(self, path: str, name: str, take: Any, version: str) -> str:
        query = {
            "fieldSelector": f"metadata.name={name}", "resourceVersion": version, "timeoutSeconds": str(RENEWAL_S),
            "allowWatchBookmarks": "true",
        }  # fmt: skip
        with (
            contextlib.suppress(BackendError),  # what was told until then counts
            self._place.cluster.api.stream(path, silence_s=2 * RENEWAL_S, **query) as events,
        ):
            for event in events:
                if event["type"] == "ERROR":
                    raise WatchExpired
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    take(event["object"])
        return version

    def _count(self, item: dict[str, Any]) -> None:
        metadata = item["metadata"]
        told = int(metadata["resourceVersion"]), int(item["spec"]["replicas"]), term_of(metadata), who_else(item)
        self.counts.append(Count(time.monotonic(), *told))

    def _holder(self, item: dict[str, Any]) -> None:
        spec = item["spec"]
        told = spec.get("holderIdentity") or "", int(spec.get("leaseTransitions") or 0)
        self.holders.append(Holder(time.monotonic(), *told))
