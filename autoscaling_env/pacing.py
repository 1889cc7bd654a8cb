"""Tasks as an emitter paces them, in windows of random counts: the loop that one window after the other has to take.

Plain Python, and compiled as it is where many episodes are drawn at once (``simulator.compiled.pacing``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray


@dataclass(frozen=True)
class PacingPlan:
    """Phases of an exact number of tasks each, cut into windows.

    Attributes:
        tasks: int64[p], of each phase.
        windows: int64[p + 1], where the windows of each phase begin among all.
        share: float64[w], of the tasks still due in its phase, the mean that comes in each window.
        width_s: float64[w], how long a window with tasks takes on average.
        silent_s: float64[w], how long a window takes in which no task is expected.
    """

    tasks: NDArray[np.int64]
    windows: NDArray[np.int64]
    share: FloatArray
    width_s: FloatArray
    silent_s: FloatArray


#: (drawn, plan) -> (arrivals, bounds), see ``pace``.
Pace: TypeAlias = Callable[[FloatArray, PacingPlan], tuple[FloatArray, FloatArray]]


def pace_one(
    drawn: Any, tasks: Any, windows: Any, share: Any, width_s: Any, silent_s: Any, arrival_s: Any, bounds: Any
) -> None:
    """Fill float64[n] and float64[p + 1] with an episode's arrivals and with the times between its phases.

    Of each phase ``drawn`` has as many standard exponential numbers as it has tasks, a unit Poisson process whose rise
    by a window's mean is the window's count, and then as many again, the gaps.
    """
    start_s, first = 0.0, 0
    for phase in range(len(tasks)):
        due, level, gap = tasks[phase], 2 * first, 2 * first + tasks[phase]
        bounds[phase] = start_s
        taken, upto, into_s = 0, 0.0, 0.0
        risen = drawn[level] if due > 0 else 0.0
        for window in range(windows[phase], windows[phase + 1]):
            before = taken
            if window == windows[phase + 1] - 1:
                taken = due
            else:
                upto += (due - taken) * share[window]
                while taken < due and risen <= upto:
                    taken += 1
                    if taken < due:
                        risen += drawn[level + taken]
            into_s += silent_s[window]
            if taken > before:
                scale = width_s[window] / (taken - before)
                for place in range(before, taken):
                    into_s += drawn[gap + place] * scale
                    arrival_s[first + place] = into_s + start_s
        start_s = np.nextafter(start_s + into_s, np.inf)  # after its last task
        first += due
    bounds[len(tasks)] = start_s


def pace(drawn: FloatArray, plan: PacingPlan) -> tuple[FloatArray, FloatArray]:
    """Return arrivals float64[..., n] and bounds float64[..., p + 1] for float64[..., 2 n]; see ``pace_one``."""
    rows, total = drawn.shape[:-1], int(plan.tasks.sum())
    arrival_s, bounds = np.empty((*rows, total)), np.empty((*rows, len(plan.tasks) + 1))
    parts = (plan.tasks, plan.windows, plan.share, plan.width_s, plan.silent_s)
    tasks, windows, share, width_s, silent_s = (part.tolist() for part in parts)
    for row in np.ndindex(rows):
        arrivals, between = [0.0] * total, [0.0] * (len(plan.tasks) + 1)
        pace_one(drawn[row].tolist(), tasks, windows, share, width_s, silent_s, arrivals, between)
        arrival_s[row], bounds[row] = arrivals, between
    return arrival_s, bounds
