"""From readings to what a policy and a promise need: arrivals, completions, and how long tasks took."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoscaling_env.types import FloatArray
from operate.reading import Reading
from operate.sight.curve import ArrivalCurve
from operate.sight.flow import LEAST, MOST_TASKS, SLACK, Flow, Flows
from operate.sight.work import ServiceTime


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What is known at one instant, measured or estimated.

    Attributes:
        time_s: when it was true, by the controller's monotonic clock.
        elapsed_s: seconds since the sight before; 0 for the first one, and where the source had nothing newer.
        flow: tasks that came and went in these seconds, and are there now.
        service_s: mean work of a task.
        oldest_s: seconds that the oldest waiting task has waited.
        done_s: float64[k], when tasks came to what is promised (to be finished, or to be started), sorted.
        took_s: float64[k], seconds from their arrival to it.
        estimated: names of what nobody counted or timed.
        remarks: what did not add up.
    """

    time_s: float
    elapsed_s: float
    flow: Flow
    service_s: float
    oldest_s: float
    done_s: FloatArray
    took_s: FloatArray
    estimated: tuple[str, ...]
    remarks: tuple[str, ...]


class Estimator:
    """Keeps the books of a queue.

    Tasks are taken to be served in the order in which they came; then counts alone tell how long each took.

    Args:
        service_s: mean work of a task, as believed at first.
        until_started: what is promised is that tasks are started in time, not that they are finished.
    """

    def __init__(self, service_s: float, *, until_started: bool = False) -> None:
        self._service = ServiceTime(service_s)
        self._flows = Flows(self._service)
        self._until_started = until_started
        self._curve: ArrivalCurve | None = None
        self._time_s, self._rank = 0.0, 0.0
        self._before: tuple[Flow, int] | None = None

    def update(self, now_s: float, reading: Reading, ready: int) -> Sight:
        """Return what is known, from one more reading and the workers that are ready."""
        time_s = now_s - reading.age_s
        time_s = time_s if self._curve is None else max(time_s, self._time_s)
        elapsed_s = 0.0 if self._curve is None else time_s - self._time_s
        self._service.tell(reading.service_s)
        flow = self._flows.update(reading, ready, elapsed_s)
        left = flow.backlog if self._until_started else flow.backlog + flow.in_flight
        if self._curve is None:
            self._curve = ArrivalCurve(time_s - (reading.oldest_s or 0.0))
            self._curve.add(time_s, flow.backlog + flow.in_flight)
            self._rank = self._curve.count - left  # what was taken before we looked is nobody's to judge
        else:
            self._curve.add(time_s, flow.arrived)
        purged = self._purged(self._curve, left)
        counted = None if self._until_started or "completed" in flow.estimated else flow.completed
        done_s, took_s = self._done(self._curve, left, counted, time_s, elapsed_s)
        self._learn(flow, ready, elapsed_s)
        self._time_s = time_s
        return self._sight(time_s, elapsed_s, flow, reading, done_s, took_s, purged)

    def _learn(self, flow: Flow, ready: int, elapsed_s: float) -> None:
        """Learn how long work takes from the tasks that workers held between two readings: the mean of both ends.

        Only the later end would be too many while a queue or the workers grow, and work would seem to take longer.
        """
        before, self._before = self._before, (flow, ready)
        if before is None or "completed" in flow.estimated:
            return
        earlier, were_ready = before
        could = (were_ready + ready) / 2
        if "in_flight" not in flow.estimated:
            self._service.infer(min((earlier.in_flight + flow.in_flight) / 2, could), flow.completed, elapsed_s)
        elif min(earlier.backlog, flow.backlog) >= 1:
            self._service.infer(could, flow.completed, elapsed_s)

    def _purged(self, curve: ArrivalCurve, left: float) -> tuple[str, ...]:
        """Pass over more tasks than ever leave between two readings: nobody did them, and nobody can hold them."""
        gone = curve.count - left - self._rank
        if gone <= MOST_TASKS:
            return ()
        self._rank = curve.count - left
        return (f"{gone:.0f} tasks left at once: taken as removed by somebody, and not as done",)

    def _done(
        self, curve: ArrivalCurve, left: float, counted: float | None, time_s: float, elapsed_s: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return when tasks came to what is promised since the last reading, and how long after their arrival.

        Where completions are counted, what left besides was removed by somebody, and done by nobody.
        """
        first, last = self._rank, max(self._rank, curve.count - left)
        if counted is not None and last - first > counted + max(LEAST, SLACK * counted):
            first = last - counted
        came_s = curve.came_s(first, last)
        places = (np.arange(len(came_s)) + 0.5) / max(len(came_s), 1)
        done_s = np.maximum(time_s - elapsed_s + places * elapsed_s, came_s)
        self._rank = last
        curve.forget(last)
        return done_s, done_s - came_s

    def _sight(
        self,
        time_s: float,
        elapsed_s: float,
        flow: Flow,
        reading: Reading,
        done_s: FloatArray,
        took_s: FloatArray,
        remarks: tuple[str, ...],
    ) -> Sight:
        estimated = [*flow.estimated, "missed"]
        if self._service.estimated:
            estimated.append("service_s")
        oldest_s = reading.oldest_s
        if oldest_s is None:
            estimated.append("oldest_s")
            oldest_s = self._oldest_s(time_s, flow.backlog)
        return Sight(
            time_s,
            elapsed_s,
            flow,
            self._service.mean_s,
            oldest_s,
            done_s,
            took_s,
            tuple(estimated),
            (*flow.remarks, *remarks),
        )

    def _oldest_s(self, time_s: float, backlog: float) -> float:
        if backlog < 1 or self._curve is None:
            return 0.0
        rank = self._curve.count - backlog
        came_s = self._curve.came_s(rank, rank + 1)
        return max(0.0, time_s - float(came_s[0])) if len(came_s) else 0.0
