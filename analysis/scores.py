"""Runs made comparable across scenarios: scores between two policies that everybody is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics import LEVEL, RESAMPLES
from autoscaling_env.types import FloatArray


def scores(values: FloatArray, zero: FloatArray, one: FloatArray) -> FloatArray:
    """Return the score of every run: 0 for what ``zero`` returned on the same episodes, 1 for ``one``.

    Args:
        values: float64[runs].
        zero, one: float64[runs] or float64[1], of the two that scores are measured by.
    """
    found: FloatArray = (values - zero) / (one - zero)
    return found


@dataclass(frozen=True, slots=True)
class Profile:
    """The share of runs that score more than each threshold, with its pointwise 95 % interval.

    Attributes:
        thresholds: float64[k].
        share, low, high: float64[k], 0-1.
    """

    thresholds: FloatArray
    share: FloatArray
    low: FloatArray
    high: FloatArray


def performance_profile(
    strata: Sequence[FloatArray], thresholds: FloatArray, rng: np.random.Generator, resamples: int = RESAMPLES
) -> Profile:
    """Return the performance profile of a policy: Agarwal et al. (NeurIPS 2021), section 4.2, "score distributions".

    Runs are drawn anew within each stratum, never across; percentile intervals, as there.

    Args:
        strata: float64[runs] of each scenario, one run or more.
        thresholds: float64[k].
        rng: draws the resamples.
        resamples: number of them.
    """
    above = [sample[:, None] > thresholds for sample in strata]
    runs = sum(len(sample) for sample in strata)
    drawn = np.zeros((resamples, len(thresholds)))
    for each in above:
        times = rng.multinomial(len(each), np.full(len(each), 1 / len(each)), size=resamples)
        drawn += times @ each
    low, high = np.quantile(drawn / runs, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    share: FloatArray = np.concatenate(above).mean(axis=0)
    return Profile(thresholds, share, low, high)
