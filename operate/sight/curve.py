"""Cumulative arrivals over time: in order of arrival, the n-th task that left is the n-th that came."""

from __future__ import annotations

import numpy as np

from autoscaling_env.types import FloatArray

#: Beyond so many points every second one is dropped: the line between two others stands for it.
MOST = 8192


class ArrivalCurve:
    """How many tasks had come by when, a straight line between two readings.

    With it a queue that is served in order of arrival tells how long its tasks waited though nobody timed them: the
    task of rank n left when the n-th was counted out, and came when the curve reached n (Kleinrock, "Queueing Systems"
    I, 1975, section 2.1: the distance between the arrival and departure curves).
    """

    def __init__(self, time_s: float, count: float = 0.0) -> None:
        self._times_s, self._counts = [time_s], [count]

    @property
    def count(self) -> float:
        """Tasks that have come so far."""
        return self._counts[-1]

    def add(self, time_s: float, arrived: float) -> None:
        """Note that ``arrived`` more came until ``time_s``."""
        self._times_s.append(time_s)
        self._counts.append(self.count + arrived)
        if len(self._counts) > MOST:
            del self._times_s[1:-1:2], self._counts[1:-1:2]

    def came_s(self, first: float, last: float) -> FloatArray:
        """Return float64[n]: when the tasks came whose ranks lie in (first, last], each rank a whole number."""
        ranks = np.arange(np.floor(first) + 1, np.floor(last) + 1)
        # A task is taken to have come when the curve is half-way through it, which is never on a flat stretch.
        return np.interp(ranks - 0.5, self._counts, self._times_s)

    def forget(self, rank: float) -> None:
        """Drop what lies before the task of this rank."""
        kept = int(np.searchsorted(self._counts, np.floor(rank), side="right")) - 1
        if kept > 0:
            del self._times_s[:kept], self._counts[:kept]
