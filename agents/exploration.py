"""Epsilon-greedy exploration, and which of equally good actions is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autoscaling_env.config.learners import LearnerConfig


class EpsilonGreedy:
    """A random action with probability ``epsilon``, which falls by a factor after every episode."""

    def __init__(self, config: LearnerConfig, rng: np.random.Generator) -> None:
        self.epsilon = config.epsilon
        self._least = min(config.epsilon_min, config.epsilon)
        self._decay = config.epsilon_decay
        self._rng = rng

    def choose(self, valued: Callable[[], Sequence[float]], actions: int) -> int:
        """Return one of ``actions``; the best are equally likely. ``valued`` gives values where they are needed."""
        if self._rng.random() < self.epsilon:
            return int(self._rng.integers(actions))
        values = valued()
        highest = max(values)
        best = [action for action, value in enumerate(values) if value == highest] or list(range(actions))  # all NaN
        return best[0] if len(best) == 1 else best[int(self._rng.integers(len(best)))]

    def decay(self) -> None:
        """Lower epsilon after an episode."""
        self.epsilon = max(self._least, self.epsilon * self._decay)


def calmest_best(values: Sequence[float], changes: Sequence[int]) -> int:
    """Return the best action; of equally good ones the one that changes the farm least.

    Args:
        values: of each action.
        changes: what each does to the worker count, see ``Actions.changes``.
    """
    return max(range(len(values)), key=lambda action: (values[action], -abs(changes[action]), -action))
