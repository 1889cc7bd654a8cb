"""Arrival rates over time, and arrivals drawn from them: piecewise linear curves, inverted exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, singledispatch

import numpy as np

from autoscaling_env.config.workload import (
    BurstPhase,
    OnOffPhase,
    OscillationPhase,
    Phase,
    RampPhase,
    SteadyPhase,
)
from autoscaling_env.types import FloatArray

#: Straight pieces a sine is drawn with, per cycle: at most 7.6e-5 of its amplitude away from it.
PIECES_PER_CYCLE = 256


@dataclass(frozen=True)
class RateCurve:
    """A rate that is linear between knots; two knots at one time are a jump.

    Attributes:
        time_s: float64[k], k >= 2, sorted, from 0 to the end of the curve.
        rate: float64[k], tasks per second at the knots, >= 0.
    """

    time_s: FloatArray
    rate: FloatArray

    @property
    def duration_s(self) -> float:
        """Seconds the curve lasts."""
        return float(self.time_s[-1])

    @cached_property
    def cumulative(self) -> FloatArray:
        """float64[k]: expected tasks up to each knot."""
        areas = np.diff(self.time_s) * (self.rate[:-1] + self.rate[1:]) / 2
        return np.concatenate(([0.0], np.cumsum(areas)))

    @property
    def total(self) -> float:
        """Expected number of tasks."""
        return float(self.cumulative[-1])

    @property
    def is_flat(self) -> bool:
        """Whether the rate is the same throughout."""
        return bool((self.rate == self.rate[0]).all())

    @cached_property
    def is_stepped(self) -> bool:
        """Whether the rate only jumps."""
        return bool((self.slope == 0).all())

    def expected(self, time_s: FloatArray) -> FloatArray:
        """Return the expected number of tasks in ``[0, time_s)``, float64 like the argument."""
        piece = np.clip(np.searchsorted(self.time_s, time_s, side="right") - 1, 0, len(self.time_s) - 2)
        into = time_s - self.time_s[piece]
        return self.cumulative[piece] + into * (self.rate[piece] + self.slope[piece] * into / 2)

    def when(self, expected: FloatArray) -> FloatArray:
        """Return the times before which so many tasks are expected, float64 like the argument.

        Given their number, the arrivals of an inhomogeneous Poisson process are independent draws from this at
        uniform shares of all (Lewis & Shedler 1979; the time-scale transformation). Exact: a quadratic in each piece.
        """
        piece = np.searchsorted(self.cumulative, expected, side="right")
        piece -= 1
        np.minimum(piece, self._last_piece, out=piece)
        twice_area = expected - self.cumulative[piece]
        twice_area *= 2
        root = self.slope[piece]
        root *= twice_area
        root += self._rate_squared[piece]
        np.sqrt(np.maximum(root, 0.0, out=root), out=root)
        root += self.rate[piece]
        twice_area /= np.maximum(root, np.finfo(float).tiny, out=root)
        twice_area += self.time_s[piece]
        return np.minimum(twice_area, self.time_s[1:][piece], out=twice_area)

    @cached_property
    def _rate_squared(self) -> FloatArray:
        return self.rate * self.rate

    @cached_property
    def slope(self) -> FloatArray:
        """float64[k - 1]: how fast the rate changes in each piece, tasks per second squared; 0 in a jump."""
        length = np.diff(self.time_s)
        return np.divide(np.diff(self.rate), length, out=np.zeros_like(length), where=length > 0)

    @cached_property
    def _last_piece(self) -> int:
        """The last piece in which tasks can come."""
        return int(np.flatnonzero(np.diff(self.cumulative) > 0)[-1])


def one_after_the_other(curves: Sequence[RateCurve], start_s: FloatArray) -> RateCurve:
    """Return the curves in a row, each expecting one task in all, those without tasks none.

    Arrivals of all of them are then one inversion: those of the k-th that has tasks are where between
    k and k + 1 tasks are expected, however much their rates differ.
    """
    return joined(curves, start_s, [1.0] * len(curves))


def joined(curves: Sequence[RateCurve], start_s: FloatArray, expected: Sequence[float]) -> RateCurve:
    """Return the curves in a row, each scaled to expect so many tasks; those without a rate none."""
    times = [start + curve.time_s for curve, start in zip(curves, start_s, strict=True)]
    rates = [curve.rate * (tasks / (curve.total or 1.0)) for curve, tasks in zip(curves, expected, strict=True)]
    return RateCurve(np.concatenate(times), np.concatenate(rates))


@singledispatch
def rate_curve(phase: Phase, per_second: float) -> RateCurve:
    """Return the rate of a phase in tasks per second, given that of rate 1."""
    raise TypeError(f"no rate curve for {type(phase).__name__}")


@rate_curve.register
def _(phase: SteadyPhase, per_second: float) -> RateCurve:
    return _curve([0, phase.duration_s], [phase.rate] * 2, per_second)


@rate_curve.register
def _(phase: RampPhase, per_second: float) -> RateCurve:
    return _curve([0, phase.duration_s], [phase.from_rate, phase.to_rate], per_second)


@rate_curve.register
def _(phase: BurstPhase, per_second: float) -> RateCurve:
    low, high = phase.rate, phase.rate * phase.factor
    start, end = phase.at_s, phase.at_s + phase.length_s
    if phase.shape == "spike":
        middle = (start + end) / 2
        return _curve([0, start, middle, end, phase.duration_s], [low, low, high, low, low], per_second)
    return _curve([0, start, start, end, end, phase.duration_s], [low, low, high, high, low, low], per_second)


@rate_curve.register
def _(phase: OscillationPhase, per_second: float) -> RateCurve:
    pieces = int(np.ceil(PIECES_PER_CYCLE * phase.swings))
    share = np.linspace(0, 1, pieces + 1)
    middle, amplitude = (phase.max_rate + phase.min_rate) / 2, (phase.max_rate - phase.min_rate) / 2
    rate = middle + amplitude * np.sin(2 * np.pi * phase.swings * share)
    return _curve(share * phase.duration_s, np.clip(rate, phase.min_rate, phase.max_rate), per_second)


@rate_curve.register
def _(phase: OnOffPhase, per_second: float) -> RateCurve:
    period = phase.on_s + phase.off_s
    start = np.arange(np.ceil(phase.duration_s / period)) * period
    switches = np.column_stack((start, start + phase.on_s, start + phase.on_s, start + period)).ravel()
    rate = np.tile([phase.on_rate, phase.on_rate, phase.off_rate, phase.off_rate], len(start))
    inside = switches < phase.duration_s
    last = rate[len(switches[inside])]
    return _curve([*switches[inside], phase.duration_s], [*rate[inside], last], per_second)


def _curve(time_s: object, rate: object, per_second: float) -> RateCurve:
    return RateCurve(np.asarray(time_s, np.float64), np.asarray(rate, np.float64) * per_second)
