"""Aggregates over scenarios with runs in each, against hand-made cases and laws."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.stratified import mean_improvement, pooled_iqm

FEW = 400


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_interquartile_mean_is_over_all_runs_of_all_strata() -> None:
    found = pooled_iqm([np.array([1.0, 2, 3, 100]), np.array([-50.0, 4, 5, 6])], rng(), FEW)
    assert found.estimate == 3.5
    assert found.low <= 3.5 <= found.high


def test_every_resample_has_all_strata() -> None:
    """Between strata is a world of difference, within none: whoever resampled across them would have an interval."""
    found = pooled_iqm([np.full(5, 0.0), np.full(5, 10.0)], rng(), FEW)
    assert (found.estimate, found.low, found.high) == (5.0, 5.0, 5.0)
    noisy = pooled_iqm([np.array([0.0, 0.1, 0.2, 0.1]), np.array([10.0, 10.1, 9.9, 10.0])], rng(), FEW)
    assert noisy.high - noisy.low < 1


def test_improvement_is_the_mean_share_of_better_pairs() -> None:
    one, two = [np.array([2.0, 3]), np.array([1.0, 1])], [np.array([1.0, 2]), np.array([1.0, 0])]
    found = mean_improvement(one, two, rng(), FEW)
    assert found.estimate == ((1 + 0.5 + 1 + 1) / 4 + (0.5 + 1 + 0.5 + 1) / 4) / 2
    assert found.estimate + mean_improvement(two, one, rng(), FEW).estimate == 1
    sure = mean_improvement([np.array([2.0, 3])], [np.array([0.0, 1])], rng(), FEW)
    assert (sure.estimate, sure.low, sure.high) == (1.0, 1.0, 1.0)
    same = mean_improvement([np.ones(3)], [np.ones(3)], rng(), FEW)
    assert (same.estimate, same.low, same.high) == (0.5, 0.5, 0.5)


def test_the_interval_holds_what_it_promises() -> None:
    """Of a hundred experiments some ninety-five hold the truth."""
    draws, held = np.random.default_rng(7), 0
    for _ in range(100):
        found = pooled_iqm([draws.normal(mean, 1, 20) for mean in (-1.0, 1.0)], rng(), FEW)
        held += found.low <= 0 <= found.high
    assert 85 <= held <= 100


def test_the_same_generator_gives_the_same_interval() -> None:
    strata = [np.arange(5.0), np.arange(5.0) ** 2]
    assert pooled_iqm(strata, rng(), FEW) == pooled_iqm(strata, rng(), FEW)
    assert pooled_iqm(strata, rng(), FEW).estimate == pytest.approx(pooled_iqm(strata, rng(), 2 * FEW).estimate)
