"""As ever at this time, on today's level."""

from __future__ import annotations

import numpy as np

from agents.planning.forecast.counts import LEAST_MEAN, dispersion_around, log_probability, sample_counts
from agents.planning.forecast.forecaster import MEMORY, Counts
from agents.planning.forecast.forgetting import discounted_sums
from agents.planning.forecast.history import History
from autoscaling_env.types import FloatArray


class Profile:
    """Foresees the mean of past episodes at the same time, times a level learned from what came.

    The time is that since an episode's start; where the history has a period, as a day or a week, it is that of the
    period: time of day, and weekday.

    The level is gamma distributed around 1, as wide as past episodes differ in all (but for their scatter), and is
    updated by what came beside what was expected (the conjugate prior of a Poisson rate; counts weigh 1 / dispersion).

    Args:
        history: past episodes.
        forgetting: what a step ago weighs against now, 0-1: a level that moves is followed.
        begin: the step of the history's period at which what is foreseen begins, >= 0.
    """

    def __init__(self, history: History, forgetting: float = 0.95, begin: int = 0) -> None:
        counts = history.laps()
        known = np.isfinite(counts)
        seen = known.sum(axis=0)
        # A time that was never seen is like any other.
        self._mean: FloatArray = np.where(seen > 0, np.nansum(counts, axis=0) / np.maximum(seen, 1), np.nanmean(counts))
        expected = np.where(known, self._mean, 0.0)
        self._dispersion = dispersion_around(np.where(known, counts, 0.0), expected)
        self._sureness = _sureness(np.nansum(counts, axis=1), expected.sum(axis=1), self._dispersion)
        self._forgetting, self._period, self._begin = forgetting, history.period, begin

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        """Return futures that differ in their level, and scatter around the profile."""
        shape, rate = self._level(arrived)
        level = rng.gamma(shape[-1], 1.0 / rate[-1], size=count)
        expected = self._expected(len(arrived), len(arrived) + horizon)
        return sample_counts(level[:, None] * expected, self._dispersion, rng)

    def log_scores(self, arrived: Counts) -> FloatArray:
        """Return the scores."""
        shape, rate = (each[:-1] for each in self._level(arrived))
        expected = self._expected(max(len(arrived) - MEMORY, 0), len(arrived))
        spread = expected * shape / np.square(rate)  # of the level, in variance over mean
        return log_probability(arrived[-MEMORY:], expected * shape / rate, self._dispersion + spread)

    def _expected(self, begin: int, end: int) -> FloatArray:
        """Return the profile of these steps: over and over, or without a period nothing after the longest episode."""
        if self._period:
            return np.take(self._mean, np.arange(self._begin + begin, self._begin + end), mode="wrap")
        known = self._mean[begin:end]
        return np.pad(known, (0, end - begin - len(known)))

    def _level(self, arrived: Counts) -> tuple[FloatArray, FloatArray]:
        """Return shape and rate of the level's gamma distribution, before each step looked at and after the last."""
        recent = arrived[-MEMORY:]
        expected = self._expected(len(arrived) - len(recent), len(arrived))
        seen = discounted_sums(np.stack((recent, expected)), self._forgetting) / self._dispersion
        seen = np.concatenate((np.zeros((2, 1)), seen), axis=1)
        return self._sureness + seen[0], self._sureness + seen[1]


def _sureness(totals: FloatArray, expected: FloatArray, dispersion: float) -> float:
    """Return the shape of the level's distribution by how far episodes' totals are from the profile's; 2 to 1,000."""
    expected = np.maximum(expected, LEAST_MEAN)
    beyond_scatter = float((totals / expected).var() - (dispersion / expected).mean())
    return float(np.clip(1.0 / max(beyond_scatter, 1e-3), 2.0, 1000.0))
