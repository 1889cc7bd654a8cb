"""What came after moments like this one."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter
from scipy.special import logsumexp

from agents.planning.forecast.counts import log_probability, usual_dispersion
from agents.planning.forecast.forecaster import MEMORY, Counts
from agents.planning.forecast.history import History
from autoscaling_env.types import FloatArray


class Analogs:
    """Foresees how past episodes went on, each as often as what has arrived is likely by it.

    An episode is one draw of its rates, and so is today: a step's likelihood is that of a count around the past one,
    smoothed over its neighbours, with the scatter of both. What lies back counts less and less.

    Args:
        history: past episodes.
        forgetting: what a step ago weighs against now, 0-1.
        trust: the power of the likelihood, 0-1: past counts scatter too, and would make two episodes of the same rates
            look as different as day and night.
    """

    def __init__(self, history: History, forgetting: float = 0.97, trust: float = 0.3) -> None:
        self._counts = history.matrix()
        padded = np.pad(self._counts, ((0, 0), (1, 1)), mode="edge")
        self._smooth: FloatArray = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
        # Around a mean with weights 1/4, 1/2, 1/4 that holds the count itself, its variance is 3/8 of the count's.
        self._dispersion = usual_dispersion(self._counts, self._smooth, share=3 / 8)
        self._scatter = self._dispersion * (1 + 3 / 8)
        self._forgetting, self._trust = forgetting, trust

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        """Return how sampled past episodes went on; nothing came after their end."""
        weights = self._log_weights(self._log_likelihood(arrived))[:, -1]
        share = np.exp(weights - logsumexp(weights))
        rows = rng.choice(len(share), size=count, p=share / share.sum())
        futures = self._counts[rows, len(arrived) : len(arrived) + horizon]
        return np.pad(futures, ((0, 0), (0, horizon - futures.shape[1])))

    def log_scores(self, arrived: Counts) -> FloatArray:
        """Return the scores."""
        likelihood = self._log_likelihood(arrived)
        weights = self._log_weights(likelihood)[:, :-1]
        scores: FloatArray = logsumexp(weights + likelihood, axis=0) - logsumexp(weights, axis=0)
        return scores

    def _log_likelihood(self, arrived: Counts) -> FloatArray:
        """Return float64[episodes, t] for the steps looked at."""
        begin = max(len(arrived) - MEMORY, 0)
        known = self._smooth[:, begin : len(arrived)]
        recent = arrived[begin:]
        mean = np.pad(known, ((0, 0), (0, len(recent) - known.shape[1])))
        return log_probability(recent, mean, self._scatter)

    def _log_weights(self, likelihood: FloatArray) -> FloatArray:
        """Return float64[episodes, t + 1], before each step and after the last, not normalised."""
        seen = lfilter([self._trust], [1.0, -self._forgetting], likelihood, axis=1)
        return np.pad(seen, ((0, 0), (1, 0)))
