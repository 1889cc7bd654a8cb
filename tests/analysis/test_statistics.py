"""Estimates, intervals and verdicts against hand-made cases and laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.pairs import BETTER, MIN_EPISODES, TOO_FEW, UNDECIDED, WORSE, compare, compare_pairs, paired, regret
from analysis.statistics import (
    block_ratios,
    interquartile_mean,
    interval,
    percentile_interval,
    probability_of_improvement,
)
from autoscaling_env.errors import RunError
from tests.analysis.data import episodes

FEW = 400  # resamples: enough for laws that hold for any number


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_interquartile_mean_by_hand() -> None:
    assert interquartile_mean(np.array([100.0, 1, 2, 3, 4, 5, 6, -50])) == 3.5
    assert interquartile_mean(np.array([1.0, 2.0, 9.0])) == 4.0


def test_probability_of_improvement_counts_ties_half() -> None:
    assert probability_of_improvement(np.array([1.0, 2, 3, 4]), np.array([0.0, 2, 4, 1])) == 0.625


def test_equal_values_are_a_point_and_one_value_has_no_interval() -> None:
    assert interval(np.full(12, 3.0), rng()).excludes_zero
    point = interval(np.full(12, 3.0), rng())
    assert (point.estimate, point.low, point.high) == (3.0, 3.0, 3.0)
    alone = interval(np.array([5.0]), rng())
    assert alone.estimate == 5.0
    assert np.isnan([alone.low, alone.high]).all()
    assert not alone.excludes_zero


def test_an_undefined_bca_falls_back_to_the_percentile_interval() -> None:
    values = np.array([1.0, 1, 1, 1, 1, 1, 1, 9])  # the middle half never changes under the jackknife
    found = interval(values, rng(), interquartile_mean)
    assert found.estimate == 1.0
    assert 1.0 == found.low <= found.high


def test_the_interval_covers_the_true_mean_as_often_as_it_says() -> None:
    source = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        found = interval(source.gamma(4.0, 1.0, 40), source, resamples=600)
        hits += found.low <= 4.0 <= found.high
    # 95 % +- 4 binomial standard deviations, and the small-sample bias of the bootstrap
    assert 0.89 <= hits / 300 <= 0.99


def test_the_same_generator_gives_the_same_interval() -> None:
    values = np.random.default_rng(2).normal(size=30)
    assert interval(values, rng()) == interval(values, rng())


def test_pairs_meet_by_seed_not_by_order() -> None:
    one = episodes("a", [1.0, 2.0, 3.0], seeds=[7, 8, 9])
    two = episodes("b", [30.0, 10.0, 99.0], seeds=[9, 7, 4])
    left, right = paired(pd.concat([one, two]), "a", "b", "total_reward")
    assert (left.tolist(), right.tolist()) == ([1.0, 3.0], [10.0, 30.0])


def test_several_training_seeds_of_one_agent_are_averaged_per_episode() -> None:
    table = pd.concat([episodes("a", [1.0, 2.0]), episodes("a", [3.0, 6.0]), episodes("b", [0.0, 0.0])])
    assert paired(table, "a", "b", "total_reward")[0].tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("difference", "metric", "verdict"),
    [
        (1.0, "total_reward", BETTER),
        (-1.0, "total_reward", WORSE),
        (1.0, "worker_seconds", WORSE),
        (-1.0, "worker_seconds", BETTER),
        (0.0, "total_reward", UNDECIDED),
    ],
)
def test_a_win_is_said_only_where_the_interval_excludes_zero(difference: float, metric: str, verdict: str) -> None:
    noise = np.random.default_rng(3).normal(0, 0.5, 40)
    noise -= noise.mean()
    base = np.linspace(0, 100, 40)  # far larger than the difference: only pairing can see it
    table = pd.concat([episodes("a", base + noise + difference, metric), episodes("b", base, metric)])
    found = compare(table, "a", "b", metric, rng())
    assert found.verdict == verdict
    assert found.difference.excludes_zero == (verdict != UNDECIDED)
    assert found.difference.estimate == pytest.approx(difference, abs=1e-9)


def test_too_few_episodes_are_no_win_however_clear() -> None:
    count = MIN_EPISODES - 1
    table = pd.concat([episodes("a", np.arange(count) + 100.0), episodes("b", np.arange(count) * 1.0)])
    assert compare(table, "a", "b", "total_reward", rng()).verdict == TOO_FEW


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=25))
def test_turning_the_pair_around_turns_everything_around(values: list[tuple[int, int]]) -> None:
    one, two = (np.array(column, dtype=float) for column in zip(*values, strict=True))
    table = pd.concat([episodes("a", one), episodes("b", two)])
    here, there = (compare(table, *pair, "total_reward", rng(), FEW) for pair in (("a", "b"), ("b", "a")))
    assert here.difference.estimate == pytest.approx(-there.difference.estimate)
    assert here.probability_of_improvement + there.probability_of_improvement == pytest.approx(1)
    assert here.difference.low <= here.difference.estimate + 1e-9
    assert here.difference.estimate <= here.difference.high + 1e-9


def test_all_pairs_once_or_each_against_the_baseline() -> None:
    table = pd.concat([episodes(name, np.arange(3.0)) for name in "abc"])
    names = [(pair.agent, pair.other) for pair in compare_pairs(table, "total_reward", rng(), resamples=FEW)]
    assert names == [("a", "b"), ("a", "c"), ("b", "c")]
    against = compare_pairs(table, "total_reward", rng(), baseline="b", resamples=FEW)
    assert [(pair.agent, pair.other) for pair in against] == [("a", "b"), ("c", "b")]


def test_regret_is_what_is_missing_to_the_reference() -> None:
    table = pd.concat([episodes("hindsight", [10.0, 20.0]), episodes("a", [9.0, 17.0])])
    assert regret(table, rng())["a"].estimate == 2.0
    dearer = pd.concat([episodes("hindsight", [10.0], "worker_seconds"), episodes("a", [15.0], "worker_seconds")])
    assert regret(dearer, rng(), metric="worker_seconds")["a"].estimate == 5.0


def test_what_cannot_be_compared_is_explained() -> None:
    table = pd.concat([episodes("alpha", [1.0]), episodes("beta", [1.0], seeds=[5])])
    with pytest.raises(RunError, match="alpha and beta share no episode seed"):
        compare(table, "alpha", "beta", "total_reward", rng())
    with pytest.raises(RunError, match=r"unknown agent 'alfa' \(did you mean 'alpha'\?\)"):
        compare_pairs(table, "total_reward", rng(), baseline="alfa")
    with pytest.raises(RunError, match=r"unknown metric 'totalreward' \(did you mean 'total_reward'\?\)"):
        compare_pairs(table, "totalreward", rng())
    both = pd.concat([table.assign(scenario="x"), table.assign(scenario="y")])
    with pytest.raises(RunError, match="several scenarios cannot be pooled"):
        compare(both, "alpha", "beta", "total_reward", rng())


def test_unknown_seeds_are_never_paired() -> None:
    table = pd.concat([episodes("a", [1.0]), episodes("b", [2.0])]).astype({"episode_seed": "Int64"})
    table["episode_seed"] = pd.NA
    with pytest.raises(RunError, match="share no episode seed"):
        compare(table, "a", "b", "total_reward", rng())


def test_blocks_are_drawn_for_all_series_alike() -> None:
    numerators = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0]])
    drawn = block_ratios(numerators, np.ones(4), np.random.default_rng(0), 500)
    assert drawn.shape == (2, 500)
    assert drawn[1] - drawn[0] == pytest.approx(np.ones(500))
    assert drawn[0].mean() == pytest.approx(2.5, abs=0.1)
    assert drawn[0].std() == pytest.approx(np.std([1, 2, 3, 4]) / 2, rel=0.15)


def test_a_ratio_of_constant_parts_does_not_vary() -> None:
    lengths = np.array([10.0, 10.0, 17.0])
    assert np.ptp(block_ratios(3 * lengths[None], lengths, np.random.default_rng(0), 100)) == pytest.approx(0)


def test_an_error_of_another_source_widens_an_interval() -> None:
    resampled = np.linspace(0, 1, 1001)
    alone = percentile_interval(0.5, resampled)
    assert (alone.low, alone.high) == pytest.approx((0.025, 0.975))
    wider = percentile_interval(0.5, resampled, error=0.3)
    assert wider.high - 0.5 == pytest.approx(np.hypot(0.475, 0.3))
    assert 0.5 - wider.low == pytest.approx(np.hypot(0.475, 0.3))
    assert np.isnan(percentile_interval(0.5, np.empty(0), error=0.3).low)
