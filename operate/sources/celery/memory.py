"""The tasks that were heard of last, one by one: when each came and how long it took."""

from __future__ import annotations

from collections import deque

import numpy as np

from operate.reading import KeptTasks
from operate.sources.celery.events import Event

#: Tasks that are remembered; the oldest are forgotten first. About 20 MB.
MOST = 50_000
#: Mean work is of so many tasks at most, finished in so many seconds.
MOST_LATELY, LATELY_S = 500, 300.0


class Memory:
    """Remembers the last ``MOST`` tasks."""

    def __init__(self) -> None:
        self._came_s = np.zeros(MOST)
        self._work_s = np.full(MOST, np.nan)
        self._begun_s = np.full(MOST, np.nan)
        self._names = [""] * MOST
        self._uuids: list[str | None] = [None] * MOST
        self._place: dict[str, int] = {}
        self._count = 0
        self._lately: deque[tuple[float, float]] = deque(maxlen=MOST_LATELY)

    def comes(self, event: Event) -> None:
        """Remember that a task was sent, at the time of the event."""
        uuid, place = event.get("uuid"), self._count % MOST
        if not isinstance(uuid, str):
            return
        forgotten = self._uuids[place]
        if forgotten is not None and self._place.get(forgotten) == place:
            del self._place[forgotten]
        self._uuids[place], self._place[uuid] = uuid, place
        self._came_s[place], self._work_s[place], self._begun_s[place] = event["timestamp"], np.nan, np.nan
        self._names[place] = str(event.get("name") or "")[:200]
        self._count += 1

    def is_received(self, event: Event) -> None:
        """Remember a task that nobody told of before, as having come when a worker got it."""
        place = self._place.get(event["uuid"])
        if place is None or not np.isnan(self._work_s[place]):
            self.comes(event)

    def begins(self, event: Event) -> None:
        """Remember when the work of a task began."""
        place = self._place.get(event["uuid"])
        if place is not None:
            self._begun_s[place] = event["timestamp"]

    def ends(self, event: Event, now_s: float) -> None:
        """Remember how long a task took, as its worker says or as it was from beginning to end."""
        place, work_s = self._place.get(event["uuid"]), event.get("runtime")
        if not isinstance(work_s, (int, float)):
            work_s = event["timestamp"] - self._begun_s[place] if place is not None else np.nan
        if not 0 <= work_s < 1e9:
            return
        if place is not None:
            self._work_s[place] = work_s
        self._lately.append((now_s, float(work_s)))

    def service_s(self, now_s: float) -> float | None:
        """Return the mean work of the tasks finished lately; None: none was."""
        lately = [work_s for at_s, work_s in self._lately if now_s - at_s <= LATELY_S]
        return sum(lately) / len(lately) if lately else None

    def kept(self, since_s: float) -> KeptTasks:
        """Return what came since a Unix time, in order of arrival."""
        known = min(self._count, MOST)
        places = np.flatnonzero(self._came_s[:known] >= since_s)
        places = places[np.argsort(self._came_s[places], kind="stable")]
        return KeptTasks(
            self._came_s[places].copy(), self._work_s[places].copy(), tuple(self._names[each] for each in places)
        )
