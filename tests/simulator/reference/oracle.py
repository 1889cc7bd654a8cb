"""The farm once more, on its own: one plain heap of events, no SimPy, no arrays."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

FINISH, READY, ARRIVE, LOOK = range(2, 6)


class Oracle:
    """Answers ``collected``: pairs (task, when), in order; ``scale_to`` and ``advance`` as a backend's."""

    def __init__(self, arrival_s, work_s, pickup_s, startup_s, collect_s: float, workers: int) -> None:
        self.work_s, self.pickup_s, self.startup_s, self.collect_s = work_s, pickup_s, iter(startup_s), collect_s
        self.events = [(time_s, ARRIVE, task) for task, time_s in enumerate(arrival_s)]  # sorted, hence a heap
        self.waiting, self.idle, self.now, self.serial, self.free_s = deque(), workers, 0.0, 0, -1.0
        self.starting, self.woken, self.busy, self.leaving, self.collected = {}, {}, {}, set(), []

    @property
    def requested(self) -> int:
        return self.idle + len(self.woken) + len(self.busy) + len(self.starting)

    def scale_to(self, workers: int) -> None:
        for _ in range(workers - self.requested):
            self._later(self.starting, self.now + next(self.startup_s), READY)
        for _ in range(self.requested - workers):
            if self.starting:
                del self.starting[max(self.starting)]
            elif self.idle:
                self.idle -= 1
            elif self.woken:
                del self.woken[max(self.woken, key=lambda serial: self.woken[serial])]
            else:
                first = min(self.busy, key=lambda task: (self.busy[task], task))
                del self.busy[first]
                self.leaving.add(first)

    def advance(self, until_s: float) -> None:
        while self.events and self.events[0][0] < until_s:
            self.now, kind, who = heappop(self.events)
            if kind == ARRIVE:
                self.waiting.append(who)
                if self.idle:
                    self.idle -= 1
                    self._later(self.woken, self.now + self.pickup_s[who], LOOK)
            elif kind == FINISH:
                self.free_s = max(self.now, self.free_s) + self.collect_s
                self.collected.append((who, self.free_s))
                if who not in self.leaving:
                    del self.busy[who]
                    self._next()
            elif (self.starting if kind == READY else self.woken).pop(who, None) is not None:
                self._next()
        self.now = until_s

    def _next(self) -> None:
        if self.waiting:
            task = self.waiting.popleft()
            self.busy[task] = self.now + self.work_s[task]
            heappush(self.events, (self.busy[task], FINISH, task))
        else:
            self.idle += 1

    def _later(self, group: dict[int, float], time_s: float, kind: int) -> None:
        self.serial += 1
        group[self.serial] = time_s
        heappush(self.events, (time_s, kind, self.serial))
