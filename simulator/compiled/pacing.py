"""``autoscaling_env.pacing`` for many episodes at once, compiled from its very source."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoscaling_env.pacing import PacingPlan, pace_one
from autoscaling_env.types import FloatArray
from simulator.compiled.compiling import compiled

_pace_one = compiled(pace_one)


@compiled
def fill_paced(
    drawn: FloatArray, tasks: Any, windows: Any, share: Any, width_s: Any, silent_s: Any, arrival_s: Any, bounds: Any
) -> None:
    """Fill float64[k, n] and float64[k, p + 1] from float64[k, 2 n]."""
    for row in range(len(drawn)):
        _pace_one(drawn[row], tasks, windows, share, width_s, silent_s, arrival_s[row], bounds[row])


def pace(drawn: FloatArray, plan: PacingPlan) -> tuple[FloatArray, FloatArray]:
    """Return arrivals float64[k, n] and bounds float64[k, p + 1] for float64[k, 2 n]."""
    arrival_s = np.empty((len(drawn), drawn.shape[1] // 2))
    bounds = np.empty((len(drawn), len(plan.tasks) + 1))
    fill_paced(drawn, plan.tasks, plan.windows, plan.share, plan.width_s, plan.silent_s, arrival_s, bounds)
    return arrival_s, bounds
