"""What happened between the ends of a step, as far as what an environment shows at both tells it.

A pipeline of metrics reads a farm at instants of its own, an environment shows it at the ends of steps. In between a
count is taken to change evenly, and work is counted by the tasks that were started and finished.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autoscaling_env.types import Info

#: A fact about a farm at one instant.
Fact = Callable[[Info], float]


def waiting(info: Info) -> int:
    """Return the tasks nobody has taken yet."""
    return int(info["worker_queue"])


def finished(info: Info) -> int:
    """Return the tasks done since the start, collected or not."""
    return int(info["result_queue"] + info["output_queue"])


def in_progress(info: Info) -> int:
    """Return the tasks taken by a worker and not finished, those of draining workers included."""
    return max(0, int(info["enqueued_total"]) - waiting(info) - finished(info))


def working(info: Info) -> int:
    """Return the workers that can hold a task: ready or draining."""
    return int(info["workers_ready"] + info["workers_draining"])


@dataclass(frozen=True, slots=True)
class Span:
    """A step: what was shown at its start and at its end (the same, before the first step)."""

    before: Info
    now: Info

    @property
    def start_s(self) -> float:
        """When it began."""
        return float(self.before["time_s"])

    @property
    def end_s(self) -> float:
        """When it ended."""
        return float(self.now["time_s"])

    @property
    def length_s(self) -> float:
        """Seconds from end to end."""
        return self.end_s - self.start_s

    def at(self, time_s: float, fact: Fact) -> float:
        """Return a fact at ``time_s``, on the straight line between both ends; outside of them, that of the end."""
        then, now = fact(self.before), fact(self.now)
        if time_s >= self.end_s or self.length_s <= 0:
            return now
        return then + (now - then) * max(0.0, (time_s - self.start_s) / self.length_s)

    def mean(self, fact: Fact) -> float:
        """Return a fact's mean over the step, from both ends."""
        return (fact(self.before) + fact(self.now)) / 2

    def change(self, fact: Fact) -> float:
        """Return how much a fact grew in the step."""
        return fact(self.now) - fact(self.before)

    def ready_workers(self, time_s: float) -> int:
        """Return the ready workers at ``time_s``: those removed went at the start, new ones come one after another."""
        return min(int(self.now["workers_ready"]), round(self.at(time_s, lambda info: info["workers_ready"])))

    @property
    def worker_seconds(self) -> float:
        """Seconds in which workers, all together, could have worked: ready ones, and those draining."""
        ready = (self.ready_workers(self.start_s) + self.ready_workers(self.end_s)) / 2
        return (ready + self.mean(lambda info: info["workers_draining"])) * self.length_s
