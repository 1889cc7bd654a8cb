"""A local copy of some objects, kept up to date by a watch in a thread of its own, so that nobody waits for reads."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from autoscaling_env.errors import BackendError
from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.errors import ClusterUnreachable, WatchExpired

logger = logging.getLogger(__name__)

#: Called with ``ADDED``, ``MODIFIED`` or ``DELETED`` and the object.
Listener = Callable[[str, Json], None]
PAUSE_S = 0.5


def silence(informers: Iterable[Informer], renewal_s: float) -> str:
    """Return why what informers say is out of date, "" where it is not; each watch of theirs lasts ``renewal_s``."""
    for informer in informers:
        if informer.trouble:
            return informer.trouble
        if informer.age_s() > 2 * renewal_s:
            return f"the API server has been silent for {informer.age_s():.0f} s"
    return ""


class Informer:
    """The objects of one kind with one label selector, or those that a field selector names.

    A watch ends every ``renewal_s`` and goes on from where it was. Its silence beyond that, or a failed
    renewal, makes the copy stale; when the server answers again what was missed is made up for.

    Args:
        listener: called for every change, in the informer's thread.
        fields: field selector, such as ``metadata.name=worker``; "": none.
    """

    def __init__(
        self, api: Api, path: str, selector: str, renewal_s: float, listener: Listener, *, fields: str = ""
    ) -> None:
        self._api, self._path = api, path
        self._select: dict[str, Any] = {"labelSelector": selector} | ({"fieldSelector": fields} if fields else {})
        self._renewal_s = renewal_s
        self._listener = listener
        self._known: dict[str, Json] = {}
        self._version = ""
        self._contact = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"watch {path.rpartition('/')[2]}")
        self.trouble = ""

    def start(self) -> None:
        """List all objects now, then watch.

        Raises:
            BackendError: they cannot be listed.
        """
        self._list()
        self._thread.start()

    def close(self) -> None:
        """Stop watching; the thread ends with the running watch."""
        self._stop.set()

    def age_s(self) -> float:
        """Return the seconds since the server last said anything."""
        return time.monotonic() - self._contact

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if not self._version:
                    self._list()
                self._watch()
                self.trouble = ""
            except WatchExpired:
                self._version = ""
            except BackendError as error:
                self._bear(error)

    def _bear(self, error: BackendError) -> None:
        if self._stop.is_set():
            return
        if not self.trouble:
            logger.warning("the workers are not in view: %s", error)
        self.trouble = str(error)
        if not isinstance(error, ClusterUnreachable):
            self._version = ""
        self._stop.wait(PAUSE_S * (0.5 + random.random()))  # noqa: S311 - spreads retries out

    def _list(self) -> None:
        answer = self._api.get(self._path, **self._select)
        found = {item["metadata"]["uid"]: item for item in answer["items"]}
        for uid in self._known.keys() - found.keys():
            self._notify("DELETED", self._known[uid])
        for item in found.values():
            self._notify("MODIFIED" if item["metadata"]["uid"] in self._known else "ADDED", item)
        self._version = answer["metadata"]["resourceVersion"]
        self._contact = time.monotonic()

    def _watch(self) -> None:
        query = {
            **self._select,
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, round(self._renewal_s))),
        }
        with self._api.stream(self._path, silence_s=2 * self._renewal_s, **query) as events:
            self._contact = time.monotonic()
            for event in events:
                self._take(event)
                if self._stop.is_set():
                    return
        self._contact = time.monotonic()

    def _take(self, event: Json) -> None:
        self._contact = time.monotonic()
        kind, item = event["type"], event["object"]
        if kind == "ERROR":
            if item.get("code") == 410:
                raise WatchExpired
            raise ClusterUnreachable(f"Kubernetes: watch {self._path}: {item.get('message', 'error')}")
        if kind != "BOOKMARK":
            self._notify(kind, item)
        self._version = item["metadata"]["resourceVersion"]  # what a listener could not take in is told again

    def _notify(self, kind: str, item: Json) -> None:
        if kind == "DELETED":
            self._known.pop(item["metadata"]["uid"], None)
        else:
            self._known[item["metadata"]["uid"]] = item
        self._listener(kind, item)
