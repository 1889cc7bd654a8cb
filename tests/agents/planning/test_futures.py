"""Futures are drawn of all that may come, and told how likely they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.planning.futures import stratified


@given(st.integers(1, 40), st.integers(1, 8), st.integers(0, 99))
def test_weights_are_those_of_a_whole(futures: int, drawn: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(5.0, size=(futures * drawn, 3))
    chosen, weights = stratified(counts, futures, rng)
    assert chosen.shape == (futures, 3)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights > 0).all()


def test_the_mean_is_that_of_all_forecasts() -> None:
    counts = np.random.default_rng(1).geometric(0.05, size=(128, 1))
    rng = np.random.default_rng(2)
    means = [weights @ chosen[:, 0] for chosen, weights in (stratified(counts, 16, rng) for _ in range(4000))]
    assert np.mean(means) == pytest.approx(counts.mean(), rel=0.02)


def test_a_rare_crowd_is_always_there_and_counts_as_rare() -> None:
    counts = np.full((128, 4), 3)
    counts[:4] = 90  # one in thirty-two
    rng = np.random.default_rng(0)
    for _ in range(50):
        chosen, weights = stratified(counts, 16, rng)
        assert 0.02 < weights[chosen[:, 0] == 90].sum() < 0.06


def test_the_first_quarter_is_spread_over_quiet_and_busy() -> None:
    chosen, _ = stratified(np.arange(128)[:, None], 16, np.random.default_rng(0))
    early = np.sort(chosen[:4, 0])
    assert early[0] < 64
    assert early[-1] > 108
