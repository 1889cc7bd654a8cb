"""SimPy's event calendar with two additions the farm's exact semantics need: absolute times, ranked ties."""

from __future__ import annotations

from enum import IntEnum
from heapq import heappush

import simpy
from simpy.events import URGENT


class Rank(IntEnum):
    """Order of what happens at the same instant.

    A worker that becomes free or ready at the instant a task arrives was idle before the arrival. Ranks
    start above SimPy's own URGENT (0) and NORMAL (1).
    """

    FINISH = 2
    READY = 3
    ARRIVE = 4
    PICKUP = 5
    COLLECT = 6


class Calendar(simpy.Environment):
    """A SimPy environment that schedules at absolute times and runs up to, but not into, an instant.

    SimPy schedules ``now + delay``; for an absolute time ``t`` it would be ``now + (t - now)``, which
    floating point does not always bring back to ``t``.
    """

    def at(self, time_s: float, rank: Rank) -> simpy.Event:
        """Return an event that happens at ``time_s``, among ties in the order of ``rank``."""
        return self.happens_at(simpy.Event(self), time_s, rank)

    def happens_at(self, event: simpy.Event, time_s: float, rank: Rank) -> simpy.Event:
        """Let a pending event happen at ``time_s``, among ties in the order of ``rank``."""
        event._ok = True  # noqa: SLF001 - as SimPy's own Timeout does
        event._value = None  # noqa: SLF001
        entry = (time_s, rank, next(self._eid), event)
        heappush(self._queue, entry)  # type: ignore[misc]  # SimPy types its ranks as its own two
        return event

    def run_started(self) -> None:
        """Let processes that were just created run to their first wait; no time passes."""
        while self._queue and self._queue[0][:2] == (self._now, URGENT):
            self.step()

    def run_before(self, time_s: float) -> None:
        """Process all events before ``time_s``, then set the clock to it: windows are half-open."""
        queue, step = self._queue, self.step
        while queue and queue[0][0] < time_s:
            step()
        self._now = time_s
