"""How well the calibrated twin reproduces a journal: measured on the second half of each stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoscaling_env.types import FloatArray
from experiments.operations.calibration import Twin, half
from experiments.operations.stretches import Stretch
from experiments.operations.twin import Course


@dataclass(frozen=True, slots=True)
class Limits:
    """How far the twin may be off before nothing is concluded from it.

    Attributes:
        backlog: mean absolute error of the backlog over its mean: a backlog that is wrong by a third makes waits wrong
            by a third. It is no objection where the error is small against the promise, see ``wait``.
        wait: that error as waiting time (over the arrival rate, Little's law), over the time promised: what is a small
            part of it seldom decides whether a task is in time.
        share: points between the shares in time: intervals are widened by the error, and beyond this hardly any two
            policies could be told apart.
        hours: relative error of worker-hours that were ready: what start-ups cost is then not known.
        work: relative error of the tasks in workers' hands: as much is the number of workers wrong that are needed.
    """

    backlog: float = 0.35
    wait: float = 0.15
    share: float = 5.0
    hours: float = 0.1
    work: float = 0.15


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Recorded and played in the twin, on the second halves; NaN: nobody knew.

    Attributes:
        steps: that were compared.
        backlog: mean tasks waiting: recorded, twin.
        backlog_error: mean absolute error of it at the ends of steps, tasks.
        rate: tasks a second.
        within_s: promised.
        in_flight: mean tasks in workers' hands: recorded, twin.
        share: of the tasks finished those in time, 0-1: recorded, twin.
        hours: worker-hours in force: recorded, twin.
        ready_hours: worker-hours ready: recorded, twin.
    """

    steps: int
    backlog: tuple[float, float]
    backlog_error: float
    rate: float
    within_s: float
    in_flight: tuple[float, float]
    share: tuple[float, float]
    hours: tuple[float, float]
    ready_hours: tuple[float, float]

    @property
    def backlog_relative(self) -> float:
        """Error of the backlog over its recorded mean; infinite where none was recorded and there is one."""
        return _ratio(self.backlog_error, self.backlog[0])

    @property
    def wait_error_s(self) -> float:
        """Error of the backlog as seconds of waiting."""
        return _ratio(self.backlog_error, self.rate)

    @property
    def share_error(self) -> float:
        """Points between the shares in time, >= 0."""
        return 100 * abs(self.share[1] - self.share[0])

    @property
    def hours_error(self) -> float:
        """Relative error of worker-hours, the larger of those in force and those ready."""
        return max(_relative(self.hours), _relative(self.ready_hours))

    @property
    def work_error(self) -> float:
        """Relative error of the tasks in workers' hands."""
        return _relative(self.in_flight)

    def objections(self, limits: Limits) -> tuple[str, ...]:
        """Return why nothing may be concluded from the twin, a sentence each."""
        found = []
        if self.backlog_relative > limits.backlog and self.wait_error_s > limits.wait * self.within_s:
            found.append(
                f"The twin's backlog is off by {self.backlog_error:,.1f} tasks on average, {self.backlog_relative:.0%} "
                f"of what was recorded (limit {limits.backlog:.0%}), or {self.wait_error_s:,.1f} s of waiting (limit "
                f"{limits.wait * self.within_s:,.1f} s)."
            )
        for what, error, limit in (
            ("tasks in workers' hands", self.work_error, limits.work),
            ("worker-hours", self.hours_error, limits.hours),
        ):
            if error > limit:
                found.append(f"The twin's {what} are off by {error:.0%} (limit {limit:.0%}).")
        if self.share_error > limits.share:
            found.append(
                f"The twin has {self.share[1]:.1%} of the tasks in time where {self.share[0]:.1%} were "
                f"(limit {limits.share:g} points)."
            )
        return tuple(found)


def fidelity(twin: Twin, stretches: Sequence[Stretch], courses: Sequence[Course], *, learned: bool = False) -> Fidelity:
    """Return how far the played recorded counts are from what was recorded, on the second halves.

    Args:
        twin: who played.
        stretches: what was recorded.
        courses: what was played, one for each.
        learned: on the first halves, too, from which the twin learned.
    """
    recorded: list[FloatArray] = []
    played: list[FloatArray] = []
    known: list[FloatArray] = []
    for stretch, course in zip(stretches, courses, strict=True):
        rest = slice(0 if learned else half(stretch), None)
        rows = stretch.backlog, stretch.in_flight, stretch.ready, stretch.completed, stretch.missed, stretch.requested
        same = course.backlog, course.in_flight, course.ready, course.completed, course.missed, course.requested
        recorded.append(np.array([np.asarray(row, dtype=np.float64)[rest] for row in rows]))
        played.append(np.array([np.asarray(row, dtype=np.float64)[rest] for row in same]))
        known.append(np.array([stretch.known[rest], stretch.arrived[rest]]))
    there, twins, (at_end, arrived) = (np.concatenate(each, axis=1) for each in (recorded, played, known))
    ends = at_end > 0
    step_s = stretches[0].step_s
    backlog, in_flight, ready = ((float(there[row, ends].mean()), float(twins[row, ends].mean())) for row in range(3))
    steps_h = ends.sum() * step_s / 3600
    return Fidelity(
        steps=int(ends.sum()),
        backlog=backlog,
        backlog_error=float(np.abs(twins[0] - there[0])[ends].mean()),
        rate=float(arrived.mean()) / step_s,
        within_s=twin.settings.objective.within_s,
        in_flight=in_flight,
        share=(share_of(there[3], there[4]), share_of(twins[3], twins[4])),
        hours=(float(there[5].sum()) * step_s / 3600, float(twins[5].sum()) * step_s / 3600),
        ready_hours=(ready[0] * steps_h, ready[1] * steps_h),
    )


def share_of(completed: FloatArray, missed: FloatArray) -> float:
    """Return the share in time of the tasks finished in steps of which both is known; NaN: of none."""
    if np.isnan(missed).all() or np.isnan(completed).all():
        return float("nan")
    both = ~(np.isnan(completed) | np.isnan(missed))
    total = completed[both].sum()
    # Both may be estimates, of which more tasks may have been late than were finished.
    return max(0.0, float(1 - missed[both].sum() / total)) if total > 0 else 1.0


def _ratio(part: float, whole: float) -> float:
    if whole > 0:
        return part / whole
    return 0.0 if part == 0 else float("inf")


def _relative(pair: tuple[float, float]) -> float:
    return abs(pair[1] - pair[0]) / pair[0] if pair[0] > 0 else (0.0 if pair[1] == 0 else float("inf"))
