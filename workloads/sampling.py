"""Phases whose arrivals are not all exact: one process through all of them, or each with its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config.arrivals import ArrivalsConfig
from autoscaling_env.pacing import WindowCounts
from autoscaling_env.types import FloatArray
from workloads.arrivals import Arrivals, Sample, arrivals_of
from workloads.exact import KEPT_ORDERS, phase_bounds
from workloads.rates import RateCurve, joined


class OneProcess:
    """Draws one process of random number through all phases; the number does not depend on their order."""

    def __init__(self, config: ArrivalsConfig, curves: Sequence[RateCurve], expected: Sequence[float]) -> None:
        self._config, self._curves, self._expected = config, curves, expected
        self._plans: dict[tuple[int, ...], tuple[Arrivals, FloatArray]] = {}

    def draw(
        self, rng: np.random.Generator, order: tuple[int, ...] | None, windows: WindowCounts
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64] | None]:
        """Return arrival_s, segment_start_s and tasks as ``DrawnRows`` has them."""
        process, segment_start_s = self._plan_of(tuple(range(len(self._curves))) if order is None else order)
        arrival_s, tasks = _trimmed(process.sample(rng, windows).arrival_s)
        return arrival_s, segment_start_s, tasks

    def _plan_of(self, order: tuple[int, ...]) -> tuple[Arrivals, FloatArray]:
        if order not in self._plans:
            if len(self._plans) >= KEPT_ORDERS:
                self._plans.clear()
            start_s = phase_bounds(self._curves, order)[:-1].copy()
            start_s.setflags(write=False)
            curve = joined([self._curves[at] for at in order], start_s, [self._expected[at] for at in order])
            # One sum for all orders: it decides how many tasks there are.
            self._plans[order] = arrivals_of(self._config, curve, float(sum(self._expected))), start_s
        return self._plans[order]


class SampledPhases:
    """Draws phases as they are declared, whatever order they are played in, so a shuffle changes no amount."""

    def __init__(self, arrivals: Sequence[Arrivals]) -> None:
        self._arrivals = arrivals
        self._ragged = any(process.ragged for process in arrivals)
        self._drifts = any(process.drifts for process in arrivals)

    def draw(
        self, rng: np.random.Generator, order: tuple[int, ...] | None, windows: WindowCounts
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64] | None]:
        """Return arrival_s, segment_start_s and tasks as ``DrawnRows`` has them."""
        samples = [process.sample(rng, windows) for process in self._arrivals]
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
        bounds.append(bounds[-1] + sample.length_s)
    return bounds


def _placed(sample: Sample, start_s: float | FloatArray, end_s: float | FloatArray) -> FloatArray:
    """Return the arrivals on the episode's clock; rounding moves none to where the phase has ended."""
    arrival_s: FloatArray = sample.arrival_s + np.asarray(start_s)[..., None]
    if not sample.drifted:
        last_s = np.nextafter(np.asarray(end_s)[..., None], 0.0)
        np.minimum(arrival_s, last_s, out=arrival_s, where=np.isfinite(arrival_s))
    return arrival_s
