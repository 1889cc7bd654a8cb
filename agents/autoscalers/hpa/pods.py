"""One pod an HPA on CPU looks at: its CPU counter as cAdvisor reads it, and as metrics-server has it.

Sources: google/cadvisor, manager/container.go, ``housekeeping`` and ``jitter`` (a reading at the start, then one every
interval to twice the interval); kubernetes-sigs/metrics-server, pkg/storage/pod.go, ``Store`` and ``GetMetrics``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

#: (time, CPU seconds used since some start) of one reading of a pod.
Reading: TypeAlias = tuple[float, float]

#: ``freshContainerMinMetricsResolution``: a pod this old, yet younger than the resolution, is measured from its start.
FRESH_S = 10.0


@dataclass(slots=True)
class Pod:
    """A Ready pod.

    Attributes:
        number: tells it from the others; their readings are no more in step than a cluster's.
        start: when it became Ready, as a reading.
        next_s: when cAdvisor reads it next.
        last: the newest reading that metrics-server has.
        previous: the reading before: where the window begins.
    """

    number: int
    start: Reading
    next_s: float
    last: Reading | None = None
    previous: Reading | None = None
    _turn: int = 0
    _unscraped: list[Reading] = field(default_factory=list)

    def read(self, until_s: float, interval_s: float, cpu_s: Callable[[float], float]) -> None:
        """Take every reading due by ``until_s`` of the counter ``cpu_s``."""
        while self.next_s <= until_s:
            self._unscraped.append((self.next_s, cpu_s(self.next_s)))
            self._turn += 1
            self.next_s += interval_s * (1 + spread(self.number, self._turn))

    def scrape(self, time_s: float, resolution_s: float) -> None:
        """Hand the newest reading there is at ``time_s`` to metrics-server; nothing new leaves it what it has."""
        known = [reading for reading in self._unscraped if reading[0] <= time_s]
        if not known:
            return
        del self._unscraped[: len(known)]
        is_fresh = FRESH_S <= known[-1][0] - self.start[0] < resolution_s
        self.previous, self.last = (self.start if is_fresh else self.last), known[-1]

    def milli(self) -> int | None:
        """Return thousandths of a CPU over the window: whole nanocores, rounded up. None: no metric yet."""
        if self.last is None or self.previous is None:
            return None
        (from_s, from_cpu_s), (to_s, to_cpu_s) = self.previous, self.last
        return math.ceil(round(1000 * (to_cpu_s - from_cpu_s) / (to_s - from_s), 6))


def new_pod(number: int, start: Reading) -> Pod:
    """Return a pod that has just become Ready: read at once, no metric yet."""
    return Pod(number, start, next_s=start[0])


def old_pod(number: int, now_s: float, rate: float, interval_s: float, resolution_s: float) -> Pod:
    """Return a pod that has been Ready for ever and used ``rate`` CPUs; its counter is 0 now."""
    pod = Pod(number, (-math.inf, 0.0), next_s=now_s + interval_s * spread(number, 0))
    pod.previous, pod.last = ((now_s - age_s, -age_s * rate) for age_s in (2 * resolution_s, resolution_s))
    return pod


def spread(number: int, turn: int) -> float:
    """Return a value in [0, 1): over pods and over turns they fill it evenly (multiples of irrational numbers)."""
    return (number * (math.sqrt(5) - 1) / 2 + turn * math.sqrt(2)) % 1.0
