"""Phases that the reference emitter paces; see ``WindowedArrivals`` and docs/workloads.md."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoscaling_env.pacing import PacingPlan
from autoscaling_env.types import FloatArray
from workloads.rates import RateCurve


def pacing_plan(curves: Sequence[RateCurve], tasks: Sequence[int], windows_s: Sequence[float]) -> PacingPlan:
    """Return the plan of phases in the order in which they are played."""
    parts = [_windows(curve, window_s) for curve, window_s in zip(curves, windows_s, strict=True)]
    share, width_s, silent_s = (np.concatenate(part) for part in zip(*parts, strict=True))
    begins = np.cumsum([0, *(len(part[0]) for part in parts)])
    return PacingPlan(np.array(tasks, dtype=np.int64), begins.astype(np.int64), share, width_s, silent_s)


def _windows(curve: RateCurve, window_s: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return share, width_s and silent_s of a phase's windows; of an even rate a share is 1 / windows left."""
    count = max(1, round(curve.duration_s / window_s))
    expected = np.diff(curve.expected(np.linspace(0.0, curve.duration_s, count + 1)))
    left = np.cumsum(expected[::-1])[::-1]
    width_s = np.full(count, curve.duration_s / count)
    if curve.is_flat and curve.total > 0:
        share = 1.0 / np.arange(count, 0, -1)
    else:
        share = np.divide(expected, left, out=np.zeros_like(left), where=left > 0)
    return share, width_s, np.where(expected > 0, 0.0, width_s)
