"""SimPy's event calendar with two additions the farm's exact semantics need: absolute times, ranked ties."""

from __future__ import annotations

from enum import IntEnum
from heapq import heappop, heappush
from typing import Any

import simpy


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


class Actor(simpy.Event):
    """Somebody who waits for one thing at a time: the event of it, used again for the next."""

    _ok, _value = True, None


class Calendar(simpy.Environment):
    """A SimPy environment that schedules at absolute times and runs up to, but not into, an instant.

    SimPy schedules ``now + delay``; for an absolute time ``t`` it would be ``now + (t - now)``, which
    floating point does not always bring back to ``t``.
    """

    def at(self, time_s: float, rank: int, actor: Actor, act: list[Any]) -> None:
        """Let the functions ``act`` be called with the actor at ``time_s``, among ties in the order of ``rank``."""
        actor.callbacks = act
        heappush(self._queue, (time_s, rank, next(self._eid), actor))  # type: ignore[misc]  # of its own two ranks

    def run_before(self, time_s: float) -> None:
        """Process all events before ``time_s``, then set the clock to it: windows are half-open.

        ``Environment.step`` for events that cannot fail, written out: to call it costs as much as most events do.
        """
        queue = self._queue
        while queue and queue[0][0] < time_s:
            self._now, _, _, event = heappop(queue)
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
        self._now = time_s
