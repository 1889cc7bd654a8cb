"""A simulated worker: what it is doing, and when it will be done with it."""

from __future__ import annotations

from simulator.reference.calendar import Actor, Calendar


class Worker(Actor):
    """One worker of the simulated farm. Compared by identity: workers differ only in what they do now."""

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(calendar)
        self.free_s = 0.0  # when the task in hand is done
        self.looks_s = 0.0  # when a woken worker looks at the queue
        self.task = -1
        self.leaving = False
