"""Numbers of tasks around a mean that come less evenly than a Poisson process's: negative binomial.

With mean m and dispersion D (variance / mean) it is a Poisson number whose rate is gamma distributed with shape
m / (D - 1) and scale D - 1; with D = 1 it is Poisson. What comes more evenly than that is taken for Poisson: its
futures are then a little too wide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy

from agents.planning.forecast.forecaster import Counts
from autoscaling_env.types import FloatArray

#: A mean of zero would make any task impossible, and whoever expects none could never be put right.
LEAST_MEAN = 0.05
#: No estimate is above: a rate that jumped looks like scatter without bounds.
MOST_DISPERSION = 50.0
#: From here on the negative binomial is one in numbers too.
_POISSON = 1 + 1e-6


def sample_counts(mean: Any, dispersion: Any, rng: np.random.Generator) -> Counts:
    """Return int64 counts of the shape of ``mean``; a mean of 0 gives 0."""
    mean, spread = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(dispersion) - 1.0)
    rate, wide = mean.copy(), (spread > _POISSON - 1) & (mean > 0)
    rate[wide] = rng.gamma(mean[wide] / spread[wide], spread[wide])
    drawn: Counts = rng.poisson(rate)
    return drawn


def log_probability(counts: Any, mean: Any, dispersion: Any) -> FloatArray:
    """Return the natural logarithm of the probability of each count; means below ``LEAST_MEAN`` are raised to it."""
    mean = np.maximum(mean, LEAST_MEAN)
    spread = np.maximum(np.asarray(dispersion, dtype=np.float64), _POISSON) - 1.0
    shape = mean / spread
    negative_binomial = (
        gammaln(counts + shape)
        - gammaln(shape)
        - gammaln(np.asarray(counts) + 1.0)
        - shape * np.log1p(spread)
        + xlogy(counts, spread / (1.0 + spread))
    )
    poisson = xlogy(counts, mean) - mean - gammaln(np.asarray(counts) + 1.0)
    chosen: FloatArray = np.where(np.asarray(dispersion) > _POISSON, negative_binomial, poisson)
    return chosen


def dispersion_around(counts: Any, mean: Any, share: float = 1.0, most: float = MOST_DISPERSION) -> float:
    """Return the dispersion of counts around their means (Pearson's statistic), from 1 to ``most``; 1 without tasks.

    Args:
        counts: tasks.
        mean: around what, of a shape that goes with it.
        share: of their variance that is to be seen around these means: below 1 where a mean was made of the count.
        most: no estimate is above.
    """
    counts, mean = np.broadcast_arrays(counts, mean)
    expected = float(mean.sum()) * share
    if expected <= 0:
        return 1.0
    return float(np.clip(np.square(counts - mean).sum() / expected, 1.0, most))


#: The median of a squared standard normal number: of squares around their mean, in variances.
_MEDIAN_SQUARE = 0.4549
#: Counts around smaller means are too few values to have a median that says anything, and so are too few counts.
_TELLING_MEAN, _TELLING_COUNTS = 3.0, 100


def usual_dispersion(counts: Any, mean: Any, share: float = 1.0) -> float:
    """Return ``dispersion_around`` of the usual count, whatever a few that jumped do: by the median of the squares."""
    counts, mean = np.broadcast_arrays(counts, mean)
    telling, whole = mean >= _TELLING_MEAN, dispersion_around(counts, mean, share)
    if np.count_nonzero(telling) < _TELLING_COUNTS:
        return whole
    squares = np.square(counts[telling] - mean[telling]) / mean[telling]
    return float(np.clip(np.median(squares) / _MEDIAN_SQUARE / share, 1.0, whole))
