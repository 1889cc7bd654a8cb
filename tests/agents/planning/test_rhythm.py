"""Tasks come within a step as they came in steps that were seen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from agents.planning.rhythm import Rhythm

COUNTS = st.lists(st.integers(0, 30), min_size=1, max_size=20).map(lambda counts: np.array(counts, dtype=np.int64))
PATTERN = st.lists(st.floats(0, 1, exclude_max=True, width=32), max_size=30).map(lambda at: np.sort(np.array(at)))


@given(COUNTS, st.lists(PATTERN, max_size=8), st.integers(0, 99))
def test_every_task_stays_in_its_step_and_in_order(counts: np.ndarray, patterns: list[np.ndarray], seed: int) -> None:
    placed = Rhythm(patterns).place(counts, np.random.default_rng(seed))
    assert np.array_equal(np.floor(placed).astype(np.int64), np.repeat(np.arange(len(counts)), counts))
    assert (np.diff(placed) >= 0).all()


def test_a_step_of_as_many_tasks_is_the_pattern_itself() -> None:
    pattern = np.array([0.1, 0.11, 0.7])
    placed = Rhythm([pattern]).place(np.array([3, 0, 3]), np.random.default_rng(0))
    assert_allclose(placed, [0.1, 0.11, 0.7, 2.1, 2.11, 2.7])


def test_bursts_stay_bursts() -> None:
    """Twice as many tasks come in the same moments; even placing would spread them over the step."""
    bursts = [np.sort(at + 0.02 * np.random.default_rng(seed).random(10)) for seed, at in enumerate((0.0, 0.3, 0.9))]
    placed = Rhythm(bursts).place(np.full(50, 20), np.random.default_rng(1)).reshape(50, 20)
    assert (np.ptp(placed, axis=1) < 0.02).all()
    assert set((placed[:, 0] % 1).round(1).tolist()) == {0.0, 0.3, 0.9}


def test_rhythm_of_episodes_cuts_them_into_steps() -> None:
    episodes = [np.array([0.0, 4.0, 8.0, 20.0]), np.array([1.0])]
    rhythm = Rhythm.of_episodes(episodes, 8.0)
    placed = rhythm.place(np.array([2]), np.random.default_rng(3))
    assert_allclose(placed, [0.0, 0.5])  # the only step of two tasks, or one of one: then at its place


def test_no_step_seen_is_evenly_spread() -> None:
    placed = Rhythm.of_episodes([np.zeros(0)], 8.0).place(np.array([10_000]), np.random.default_rng(0))
    assert abs(placed.mean() - 0.5) < 0.02
    assert abs(placed.std() - np.sqrt(1 / 12)) < 0.02
