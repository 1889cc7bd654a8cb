"""A simulated worker: what it is doing, and how it sleeps and is woken."""

from __future__ import annotations

import simpy

from simulator.reference.calendar import Calendar, Rank


class Worker:
    """One worker of the simulated farm. Compared by identity: workers differ only in what they do now."""

    __slots__ = ("_alarm", "free_s", "leaving", "looks_s", "ready_s", "task")

    def __init__(self, ready_s: float) -> None:
        self.ready_s = ready_s
        self.free_s = 0.0  # when the task in hand is done
        self.looks_s = 0.0  # when a woken worker looks at the queue
        self.task = -1
        self.leaving = False
        self._alarm: simpy.Event | None = None

    def sleep(self, calendar: Calendar) -> simpy.Event:
        """Return the event that ends this worker's sleep; somebody must call ``wake_at``."""
        self._alarm = calendar.event()
        return self._alarm

    def wake_at(self, calendar: Calendar, time_s: float) -> None:
        """Let the worker look at the queue at ``time_s``."""
        alarm, self._alarm = self._alarm, None
        if alarm is None:
            raise RuntimeError("a worker that is not asleep cannot be woken")
        self.looks_s = time_s
        calendar.happens_at(alarm, time_s, Rank.PICKUP)
