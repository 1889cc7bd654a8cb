"""Epsilon-greedy and ties."""

from __future__ import annotations

import numpy as np

from agents.exploration import EpsilonGreedy, calmest_best
from tests.agents.farms import small_config


def explorer(epsilon: float) -> EpsilonGreedy:
    """Return one that explores with this probability."""
    config = small_config(f"agents.sarsa.epsilon={epsilon}").agents.sarsa
    return EpsilonGreedy(config, np.random.default_rng(0))


def test_without_exploration_the_best_is_taken() -> None:
    assert {explorer(0).choose(lambda: [0.0, 2.0, 1.0], 3) for _ in range(50)} == {1}


def test_equally_good_actions_are_equally_likely() -> None:
    chooser = explorer(0)
    counts = np.bincount([chooser.choose(lambda: [1.0, 0.0, 1.0], 3) for _ in range(4000)], minlength=3)
    assert counts[1] == 0
    assert abs(counts[0] - 2000) < 200  # six standard deviations


def test_values_that_are_no_numbers_are_no_error_here() -> None:
    """The next update finds them and stops training with a reason."""
    assert {explorer(0).choose(lambda: [float("nan")] * 3, 3) for _ in range(50)} <= {0, 1, 2}


def test_epsilon_is_the_share_of_random_actions() -> None:
    chooser = explorer(0.3)
    counts = np.bincount([chooser.choose(lambda: [0.0, 0.0, 1.0], 3) for _ in range(9000)], minlength=3)
    assert abs(counts[0] - 900) < 180
    assert abs(counts[1] - 900) < 180


def test_a_policy_breaks_ties_by_changing_least() -> None:
    assert calmest_best([1.0, 1.0, 1.0], (-1, 0, 1)) == 1
    assert calmest_best([1.0, 0.0, 1.0], (-1, 0, 1)) == 0
    assert calmest_best([0.0, 0.5, 1.0], (-1, 0, 1)) == 2
