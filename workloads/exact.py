"""Phases of an exact number of tasks each: all moments of an episode from one draw of uniform numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.pacing import Pace
from autoscaling_env.types import FloatArray
from workloads.rates import RateCurve, one_after_the_other

#: Orders of phases kept ready: all orders of five phases.
KEPT_ORDERS = 120


@dataclass(frozen=True, slots=True)
class FlatPlan:
    """One order of phases that are all flat: everything that does not depend on the seed.

    ``width_s`` ends one rounding below the phase, so no task leaves it.
    """

    offset_s: FloatArray
    width_s: FloatArray
    segment_start_s: FloatArray

    def arrivals(self, uniform: FloatArray) -> FloatArray:
        """Turn float64[..., tasks] in [0, 1) into sorted arrivals, in place."""
        uniform *= self.width_s
        uniform += self.offset_s
        uniform.sort()
        return uniform


@dataclass(frozen=True, slots=True)
class CurvedPlan:
    """One order of phases of which some are not flat: everything that does not depend on the seed.

    A task of the k-th phase that has tasks arrives where ``k + uniform`` tasks are expected on ``curve``.
    Rounding must not move it into a neighbour: its arrival is held in [earliest_s, latest_s].
    """

    slot: FloatArray
    curve: RateCurve
    earliest_s: FloatArray
    latest_s: FloatArray
    segment_start_s: FloatArray

    def arrivals(self, uniform: FloatArray) -> FloatArray:
        """Turn float64[..., tasks] in [0, 1) into sorted arrivals, in place."""
        uniform += self.slot
        uniform.sort()
        arrival_s = self.curve.when(uniform)
        np.maximum(arrival_s, self.earliest_s, out=arrival_s)
        return np.minimum(arrival_s, self.latest_s, out=arrival_s)


class ExactPhases:
    """Draws an inhomogeneous Poisson process given its count in each phase; a phase holds its own tasks."""

    def __init__(self, curves: Sequence[RateCurve], counts: Sequence[int]) -> None:
        self._curves, self._counts, self.most_tasks = curves, counts, sum(counts)
        self._plan = self._planned(tuple(range(len(counts))))
        self._plans: dict[tuple[int, ...], FlatPlan | CurvedPlan] = {}

    def draw(
        self, rng: np.random.Generator, order: tuple[int, ...] | None, pace: Pace
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64] | None]:
        """Return arrival_s, segment_start_s and tasks as ``DrawnRows`` has them."""
        del pace
        plan = self._plan if order is None else self._plan_of(order)
        return plan.arrivals(rng.random(self.most_tasks)), plan.segment_start_s, None

    def _plan_of(self, order: tuple[int, ...]) -> FlatPlan | CurvedPlan:
        # A plain dictionary: with functools.lru_cache on a method nothing that holds a workload could be pickled.
        if order not in self._plans:
            if len(self._plans) >= KEPT_ORDERS:
                self._plans.clear()
            self._plans[order] = self._planned(order)
        return self._plans[order]

    def _planned(self, order: tuple[int, ...]) -> FlatPlan | CurvedPlan:
        counts = [self._counts[index] for index in order]
        curves = [self._curves[index] for index in order]
        bounds = phase_bounds(self._curves, order)
        start_s = bounds[:-1].copy()
        start_s.setflags(write=False)
        offset_s = np.repeat(start_s, counts)
        if all(curve.is_flat for curve in curves):
            widths = [_width_within(start, end) for start, end in pairwise(bounds.tolist())]
            return FlatPlan(offset_s, np.repeat(widths, counts), start_s)
        slots = np.cumsum([curve.total > 0 for curve in curves]) - 1.0
        latest_s = np.repeat(np.nextafter(bounds[1:], 0.0), counts)
        return CurvedPlan(np.repeat(slots, counts), one_after_the_other(curves, start_s), offset_s, latest_s, start_s)


def phase_bounds(curves: Sequence[RateCurve], order: Sequence[int]) -> FloatArray:
    """Return float64[phases + 1]: when each begins in this order, and one end for all orders, however sums round."""
    bounds = np.concatenate(([0.0], np.cumsum([curves[index].duration_s for index in order])))
    bounds[-1] = float(sum(curve.duration_s for curve in curves))
    return bounds


def _width_within(start_s: float, end_s: float) -> float:
    """Return the largest width with ``start_s + width * share`` below ``end_s`` for shares up to 1."""
    width = end_s - start_s
    while start_s + width >= end_s:
        width = np.nextafter(width, 0.0) - np.spacing(end_s)
    return float(width)
