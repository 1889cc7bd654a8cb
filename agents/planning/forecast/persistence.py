"""The rate of the last moments stays."""

from __future__ import annotations

import numpy as np

from agents.planning.forecast.counts import MOST_DISPERSION, log_probability, sample_counts
from agents.planning.forecast.forecaster import MEMORY, Counts
from autoscaling_env.types import FloatArray


class Persistence:
    """Foresees the mean of the last steps, for ever; how sure it is of it, it takes from what it saw.

    The rate is uncertain as the mean of ``window`` counts is: gamma distributed around it. How unevenly tasks come
    is estimated from how far each step was from the mean of those before it.

    Args:
        prior: tasks a step that are expected before anything was seen, >= 0.
        window: how many steps the mean is taken over, >= 1.
        weight: the prior counts as so many steps seen, > 0; little, where it is a guess.
    """

    def __init__(self, prior: float, window: int = 6, weight: float = 1.0) -> None:
        self._prior, self._window, self._weight = float(prior), int(window), float(weight)

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        """Return futures that differ in their rate, and scatter around it."""
        mean, seen, dispersion = (float(each[-1]) for each in self._before(arrived[-MEMORY:]))
        rate = np.zeros(count)
        if mean > 0:
            rate = rng.gamma(mean * seen / dispersion, dispersion / seen, size=count)
        return sample_counts(np.repeat(rate[:, None], horizon, axis=1), dispersion, rng)

    def log_scores(self, arrived: Counts) -> FloatArray:
        """Return the scores."""
        mean, seen, dispersion = (each[:-1] for each in self._before(arrived[-MEMORY:]))
        return log_probability(arrived[-MEMORY:], mean, dispersion * (1.0 + 1.0 / seen))

    def _before(self, recent: Counts) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return float64[t + 1] each, before each step and after the last: mean, steps it is of, dispersion."""
        total = np.concatenate(([0.0], np.cumsum(recent)))
        ends = np.arange(len(recent) + 1)
        begins = np.maximum(ends - self._window, 0)
        young = begins == 0  # the prior counts until there are enough steps
        seen: FloatArray = ends - begins + self._weight * young
        mean = (total[ends] - total[begins] + self._prior * self._weight * young) / seen
        off = np.square(recent - mean[:-1]) / (1.0 + 1.0 / seen[:-1])  # the mean is off, too
        # As if some steps of Poisson's had been seen as well: a few counts say little of their scatter.
        evenly = self._window * max(self._prior, 1.0)
        squares = evenly + np.concatenate(([0.0], np.cumsum(off)))
        dispersion = squares / (evenly + np.concatenate(([0.0], np.cumsum(mean[:-1]))))
        return mean, seen, np.clip(dispersion, 1.0, MOST_DISPERSION)
