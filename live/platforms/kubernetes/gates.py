"""Configured start-up delays: a pod is held back by a scheduling gate for as long as its delay asks.

The platform's own start-up time counts into the delay: the gate is lifted that much earlier. Where the real
start-up takes longer than the delay, the worker is ready when it can be.
"""

from __future__ import annotations

import heapq
import logging
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from autoscaling_env.errors import BackendError
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.errors import ClusterRefused
from live.platforms.kubernetes.names import Names

logger = logging.getLogger(__name__)

#: From a running container to a registered worker: Python and redis-py are loaded.
PROGRAM_S = 0.2
#: What lifting a gate and starting a container are taken to last until that has been measured.
FIRST_GUESS_S = 0.8


class Gates:
    """Lifts each gate in its time, in a thread of its own."""

    def __init__(self, api: Api, names: Names, clock: Callable[[], float] = time.monotonic) -> None:
        self._api, self._names, self._clock = api, names, clock
        self._delays: Iterator[float] | None = None
        self._free = 0
        self._asked: deque[float] = deque()
        self._due: list[tuple[float, str]] = []
        self._known: set[str] = set()
        self._crowd: set[str] = set()
        self._lifted: dict[str, float] = {}
        self._took_s: deque[float] = deque(maxlen=32)
        self._change = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="gates")

    def start(self) -> None:
        """Begin to lift gates."""
        self._thread.start()

    def close(self) -> None:
        """Lift no more."""
        with self._change:
            self._stopped = True
            self._change.notify()

    def begin(self, free: int, delays: Iterator[float] | None) -> None:
        """Begin an episode: ``free`` pods start without a delay, the j-th after them takes the j-th of ``delays``."""
        with self._change:
            self._free, self._delays = free, delays
            self._due.clear()
            self._asked.clear()
            self._known.clear()
            self._crowd.clear()
            self._lifted.clear()

    def asked(self, more: int) -> None:
        """``more`` workers were asked for just now: their delays count from here."""
        with self._change:
            self._asked.extend([self._clock()] * more)

    def cancelled(self, fewer: int) -> None:
        """``fewer`` of those asked for and not seen yet will not come."""
        with self._change:
            for _ in range(min(fewer, len(self._asked))):
                self._asked.pop()

    def seen(self, pod: str, *, gated: bool, running: bool) -> None:
        """Note a pod that appeared or changed."""
        with self._change:
            if gated and pod not in self._known:
                self._known.add(pod)
                if self._free > 0:  # many at once start slower: they say nothing about one that is added
                    self._crowd.add(pod)
                heapq.heappush(self._due, (self._due_at(), pod))
                self._change.notify()
            elif running and pod in self._lifted:
                self._took_s.append(self._clock() - self._lifted.pop(pod))

    def lead_s(self) -> float:
        """Return how long before the end of its delay a gate must be lifted."""
        return PROGRAM_S + (statistics.median(self._took_s) if self._took_s else FIRST_GUESS_S)

    def _due_at(self) -> float:
        if self._free > 0:
            self._free -= 1
            return self._clock()
        asked = self._asked.popleft() if self._asked else self._clock()
        delay_s = next(self._delays) if self._delays is not None else 0.0
        return asked + delay_s - self.lead_s()

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._stopped and not self._ready():
                    self._change.wait(self._pause_s())
                if self._stopped:
                    return
                _, pod = heapq.heappop(self._due)
                if pod not in self._crowd:
                    self._lifted[pod] = self._clock()
            self._lift(pod)

    def _ready(self) -> bool:
        return bool(self._due) and self._due[0][0] <= self._clock()

    def _pause_s(self) -> float | None:
        return max(0.001, self._due[0][0] - self._clock()) if self._due else None

    def _lift(self, pod: str) -> None:
        try:
            self._api.patch(self._names.pod(pod), {"spec": {"schedulingGates": None}})
        except ClusterRefused as error:
            if error.status != 404:  # removed before its time was up
                logger.warning("worker %s cannot be let start: %s", pod, error)
        except BackendError as error:
            logger.warning("worker %s starts late: %s", pod, error)
            with self._change:
                heapq.heappush(self._due, (self._clock() + 0.5, pod))
