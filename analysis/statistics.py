"""Estimates with their uncertainty.

Interquartile mean and probability of improvement as in Agarwal et al., "Deep Reinforcement Learning at the
Edge of the Statistical Precipice" (NeurIPS 2021), section 4; intervals: Efron, "Better Bootstrap Confidence
Intervals" (JASA 1987), as in ``scipy.stats.bootstrap``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from autoscaling_env.types import FloatArray

LEVEL = 0.95
RESAMPLES = 4999

Statistic = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its 95 % confidence interval; both ends are NaN where one value says nothing about spread."""

    estimate: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """True if the whole interval lies on one side of 0."""
        return self.low > 0 or self.high < 0


def interquartile_mean(values: Any, axis: int = -1) -> Any:
    """Mean of the middle half: the lowest and highest quarter (rounded down) are left out."""
    return scipy.stats.trim_mean(values, 0.25, axis=axis)


def interval(
    values: FloatArray, rng: np.random.Generator, statistic: Statistic = np.mean, resamples: int = RESAMPLES
) -> Interval:
    """Return ``statistic(values)`` with its 95 % BCa bootstrap interval.

    Where all values are equal the interval is that point. Where BCa is undefined (the jackknife or the
    resamples do not vary), the percentile interval is given.

    Args:
        values: float64[n], n >= 1, one per independent episode.
        rng: draws the resamples.
        statistic: a function of (values, axis).
        resamples: number of bootstrap resamples.
    """
    estimate = float(statistic(values, axis=-1))
    if len(values) < 2:
        return Interval(estimate, float("nan"), float("nan"))
    if np.ptp(values) == 0:
        return Interval(estimate, estimate, estimate)
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # degenerate data shows as NaN, which is looked at here
            found = scipy.stats.bootstrap(
                (values,), statistic, n_resamples=resamples, confidence_level=LEVEL, method=method, rng=rng
            ).confidence_interval
        if np.isfinite([found.low, found.high]).all():
            break
    return Interval(estimate, float(found.low), float(found.high))


def probability_of_improvement(one: FloatArray, two: FloatArray) -> float:
    """Return the share of pairs with ``one > two``, ties counting half."""
    return float(np.mean((one > two) + 0.5 * (one == two)))


def block_ratios(
    numerators: FloatArray, denominators: FloatArray, rng: np.random.Generator, resamples: int = RESAMPLES
) -> FloatArray:
    """Return float64[k, resamples]: the ratio of sums of k series over blocks that are drawn with replacement.

    A block bootstrap (Kuensch, "The Jackknife and the Bootstrap for General Stationary Observations", Annals of
    Statistics 1989): what follows each other depends on each other, so whole blocks of time are drawn. All series meet
    the same draws, so differences of what is returned are paired.

    Args:
        numerators: float64[k, n], a value of each series in each of n blocks, n >= 1.
        denominators: float64[k, n] or float64[n], > 0 in sum.
        rng: draws the blocks.
        resamples: how often.
    """
    blocks = numerators.shape[-1]
    times = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=resamples).T
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = (numerators @ times) / (np.broadcast_to(denominators, numerators.shape) @ times)
    return found


def percentile_interval(estimate: float, resampled: FloatArray, error: float = 0.0) -> Interval:
    """Return an estimate with the 95 % percentile interval of its resamples, widened by an error of another source.

    Each end is moved away from the estimate to the root of the sum of squares of its distance and ``error``: two
    independent sources of error. Without a resample that is a number both ends are NaN.
    """
    known = resampled[np.isfinite(resampled)]
    if not len(known):
        return Interval(estimate, float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    below, above = (float(np.hypot(max(far, 0.0), error)) for far in (estimate - low, high - estimate))
    return Interval(estimate, estimate - below, estimate + above)
