"""Aggregates over several scenarios with runs in each: Agarwal et al. (NeurIPS 2021), section 4, by scipy's bootstrap.

A stratum is a scenario; runs are drawn anew within each, never across, so that every resample has all scenarios.
Percentile intervals, as there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy

from analysis.statistics import LEVEL, RESAMPLES, Interval, interquartile_mean
from autoscaling_env.types import FloatArray


def pooled_iqm(strata: Sequence[FloatArray], rng: np.random.Generator, resamples: int = RESAMPLES) -> Interval:
    """Return the interquartile mean over all runs of all strata, with its 95 % interval.

    Args:
        strata: float64[runs] of each, two runs or more.
        rng: draws the resamples.
        resamples: number of them.
    """
    return _bootstrapped(strata, _iqm, rng, resamples)


def mean_improvement(
    one: Sequence[FloatArray], two: Sequence[FloatArray], rng: np.random.Generator, resamples: int = RESAMPLES
) -> Interval:
    """Return how probably a run of ``one`` is better than one of ``two``, the mean of the strata, with its interval.

    Within a stratum the share of pairs in which ``one`` is larger, ties counting half (Mann-Whitney's U).

    Args:
        one, two: float64[runs] of each stratum, two runs or more.
        rng: draws the resamples.
        resamples: number of them.
    """
    return _bootstrapped([*one, *two], _improvement, rng, resamples)


def _bootstrapped(
    samples: Sequence[FloatArray], statistic: Callable[..., Any], rng: np.random.Generator, resamples: int
) -> Interval:
    estimate = float(statistic(*samples, axis=-1))
    if all(np.ptp(sample) == 0 for sample in samples):
        return Interval(estimate, estimate, estimate)
    found = scipy.stats.bootstrap(
        tuple(samples), statistic, n_resamples=resamples, confidence_level=LEVEL, method="percentile", rng=rng
    ).confidence_interval
    return Interval(estimate, float(found.low), float(found.high))


def _iqm(*samples: FloatArray, axis: int = -1) -> Any:
    return interquartile_mean(np.concatenate(samples, axis=axis), axis=axis)


def _improvement(*samples: FloatArray, axis: int = -1) -> Any:
    """Return the mean over strata; the first half of the samples is set against the second, runs on the last axis."""
    half = len(samples) // 2
    shares = [
        ((x[..., :, None] > y[..., None, :]) + 0.5 * (x[..., :, None] == y[..., None, :])).mean(axis=(-1, -2))
        for x, y in zip(samples[:half], samples[half:], strict=True)
    ]
    return np.mean(shares, axis=0)
