"""Phases whose arrivals are not all exact: one process through all of them, or each with its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config.arrivals import ArrivalsConfig
from autoscaling_env.pacing import Pace, PacingPlan
from autoscaling_env.types import FloatArray
from workloads.arrivals import Arrivals, Sample, arrivals_of
from workloads.exact import KEPT_ORDERS, phase_bounds
from workloads.rates import RateCurve, joined
from workloads.windowed import pacing_plan


class OneProcess:
    """Draws one process of random number through all phases as they are declared.

    In another order each phase takes its tasks with it, so a shuffle changes no amount.
    """

    def __init__(self, config: ArrivalsConfig, curves: Sequence[RateCurve], expected: Sequence[float]) -> None:
        self._bounds = phase_bounds(curves, range(len(curves)))
        self._start_s = self._bounds[:-1].copy()
        self._start_s.setflags(write=False)
        self._curves = curves
        self._process = arrivals_of(config, joined(curves, self._start_s, expected), float(sum(expected)))
        self.most_tasks = self._process.most_tasks

    def draw(
        self, rng: np.random.Generator, order: tuple[int, ...] | None, pace: Pace
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64] | None]:
        """Return arrival_s, segment_start_s and tasks as ``DrawnRows`` has them."""
        arrival_s, tasks = _trimmed(self._process.sample(rng, pace).arrival_s)
        if order is None:
            return arrival_s, self._start_s, tasks
        bounds = phase_bounds(self._curves, order)
        return self._moved(arrival_s, order, bounds), bounds[:-1], tasks

    def _moved(self, arrival_s: FloatArray, order: tuple[int, ...], bounds: FloatArray) -> FloatArray:
        """Return the arrivals with each phase where ``order`` puts it; rounding moves none into the next."""
        start_s, last_s = np.empty((2, len(order)))
        start_s[list(order)], last_s[list(order)] = bounds[:-1], np.nextafter(bounds[1:], 0.0)
        phase = np.minimum(np.searchsorted(self._bounds, arrival_s, side="right"), len(order)) - 1
        moved: FloatArray = arrival_s + (start_s - self._start_s)[phase]
        np.clip(moved, start_s[phase], last_s[phase], out=moved, where=np.isfinite(arrival_s))
        moved.sort(axis=-1)
        return moved


class WindowedPhases:
    """Draws phases that are all paced by an emitter, at once; in another order each takes its numbers along."""

    def __init__(self, curves: Sequence[RateCurve], tasks: Sequence[int], windows_s: Sequence[float]) -> None:
        self._curves, self._tasks, self._windows_s = curves, tasks, windows_s
        self.most_tasks = sum(tasks)
        self._first = np.concatenate(([0], 2 * np.cumsum(tasks)))
        self._plans: dict[tuple[int, ...], PacingPlan] = {}

    def draw(
        self, rng: np.random.Generator, order: tuple[int, ...] | None, pace: Pace
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64] | None]:
        """Return arrival_s, segment_start_s and tasks as ``DrawnRows`` has them."""
        drawn = rng.standard_exponential(2 * self.most_tasks)
        if order is not None:
            parts = [drawn[..., self._first[at] : self._first[at + 1]] for at in order]
            drawn = np.ascontiguousarray(np.concatenate(parts, axis=-1))
        arrival_s, bounds = pace(drawn, self._plan_of(tuple(range(len(self._tasks))) if order is None else order))
        return arrival_s, bounds[..., :-1], None

    def _plan_of(self, order: tuple[int, ...]) -> PacingPlan:
        if order not in self._plans:
            if len(self._plans) >= KEPT_ORDERS:
                self._plans.clear()
            parts = (self._curves, self._tasks, self._windows_s)
            self._plans[order] = pacing_plan(*([part[at] for at in order] for part in parts))  # type: ignore[arg-type]
        return self._plans[order]


class SampledPhases:
    """Draws phases as they are declared, whatever order they are played in, so a shuffle changes no amount."""

    def __init__(self, arrivals: Sequence[Arrivals]) -> None:
        self._arrivals = arrivals
        self._ragged = any(process.ragged for process in arrivals)
        self._drifts = any(process.drifts for process in arrivals)
        self.most_tasks = sum(process.most_tasks for process in arrivals)

    def draw(
        self, rng: np.random.Generator, order: tuple[int, ...] | None, pace: Pace
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64] | None]:
        """Return arrival_s, segment_start_s and tasks as ``DrawnRows`` has them."""
        samples = [process.sample(rng, pace) for process in self._arrivals]
        played = samples if order is None else [samples[index] for index in order]
        bounds = _bounds(played)
        arrival_s = np.concatenate([_placed(*each) for each in zip(played, bounds[:-1], bounds[1:], strict=True)], -1)
        starts = bounds[:-1]
        segment_start_s = np.stack(np.broadcast_arrays(*starts), axis=-1) if self._drifts else np.array(starts)
        if not self._ragged:
            return arrival_s, segment_start_s, None
        arrival_s.sort(axis=-1)
        arrival_s, tasks = _trimmed(arrival_s)
        return arrival_s, segment_start_s, tasks


def _trimmed(arrival_s: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return the arrivals without what no row has, and how many each row has."""
    tasks = np.asarray(np.isfinite(arrival_s).sum(axis=-1), dtype=np.int64)
    return arrival_s[..., : int(tasks.max())], tasks


def _bounds(samples: Sequence[Sample]) -> list[float | FloatArray]:
    """Return when each phase begins, and when the last one ends."""
    bounds: list[float | FloatArray] = [0.0]
    for sample in samples:
        end_s = bounds[-1] + sample.length_s
        bounds.append(end_s)
    return bounds


def _placed(sample: Sample, start_s: float | FloatArray, end_s: float | FloatArray) -> FloatArray:
    """Return the arrivals on the episode's clock; rounding moves none to where the phase has ended."""
    arrival_s: FloatArray = sample.arrival_s + np.asarray(start_s)[..., None]
    if not sample.drifted:
        last_s = np.nextafter(np.asarray(end_s)[..., None], 0.0)
        np.minimum(arrival_s, last_s, out=arrival_s, where=np.isfinite(arrival_s))
    return arrival_s
