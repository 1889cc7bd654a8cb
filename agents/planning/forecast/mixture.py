"""Several forecasters, each heard as well as it has foreseen of late."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

from agents.planning.forecast.forecaster import Counts, Forecaster
from agents.planning.forecast.forgetting import discounted_sums
from autoscaling_env.types import FloatArray


class Mixture:
    """Samples of its members, as many of each as their forgotten log scores give them weight (softmax).

    A history that stopped being true loses its say in a few steps, and has it back when it is true again.

    Args:
        members: at least one.
        forgetting: what a step ago weighs against now, 0-1.
        least: no member's share falls below it, 0 to 1 / members: every one can come back, and tails stay covered.
    """

    def __init__(self, members: Sequence[Forecaster], forgetting: float = 0.9, least: float = 0.02) -> None:
        self._members, self._forgetting, self._least = tuple(members), forgetting, least

    def weights(self, arrived: Counts) -> FloatArray:
        """Return float64[members], the members' shares now; they sum to 1."""
        shares: FloatArray = np.exp(self._log_shares(self._scores(arrived))[:, -1])
        return shares

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        """Return the members' samples, one member's after the other's."""
        numbers = _apportioned(self.weights(arrived), count)
        samples = [
            member.sample(arrived, horizon, number, rng)
            for member, number in zip(self._members, numbers.tolist(), strict=True)
            if number
        ]
        return np.concatenate(samples)

    def log_scores(self, arrived: Counts) -> FloatArray:
        """Return the scores of the mixture as its weights were before each step."""
        scores = self._scores(arrived)
        mixed: FloatArray = logsumexp(self._log_shares(scores)[:, :-1] + scores, axis=0)
        return mixed

    def _scores(self, arrived: Counts) -> FloatArray:
        return np.array([member.log_scores(arrived) for member in self._members])

    def _log_shares(self, scores: FloatArray) -> FloatArray:
        """Return float64[members, t + 1], before each step and after the last."""
        seen = np.pad(discounted_sums(scores, self._forgetting), ((0, 0), (1, 0)))
        shares = np.exp(seen - logsumexp(seen, axis=0))
        logs: FloatArray = np.log(self._least + (1.0 - len(self._members) * self._least) * shares)
        return logs


def _apportioned(shares: FloatArray, count: int) -> Counts:
    """Return whole numbers in proportion to the shares that sum to ``count`` (largest remainders)."""
    exact = shares / shares.sum() * count
    numbers: Counts = np.floor(exact).astype(np.int64)
    left = count - int(numbers.sum())
    numbers[np.argsort(numbers - exact, kind="stable")[:left]] += 1
    return numbers
