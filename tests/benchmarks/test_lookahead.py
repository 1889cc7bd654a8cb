"""The tables of who looks ahead: what is bold, what is kept, and where nothing can be said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.lookahead import POLICIES, distilling, kept_of, pairs_table, reward_table

#: What each policy earns more than the best constant.
GAINS = {"static-best": 0.0, "dqn": 4.0, "distilled": 9.0, "planner": 10.0, "hindsight": 20.0}


def episodes(noise: float = 0.0) -> pd.DataFrame:
    base = 100 + 10 * np.random.default_rng(0).random(12)
    scatter = noise * np.random.default_rng(1).normal(size=(len(POLICIES), 12))
    return pd.DataFrame(
        [
            {"agent": name, "episode_seed": seed, "total_reward": base[seed] + GAINS[name] + scatter[place, seed]}
            for place, name in enumerate(POLICIES)
            for seed in range(12)
        ]
    )


def cells(table: str) -> list[str]:
    """Return the cells of a table's only row."""
    return [each.strip() for each in table.splitlines()[2].strip("|").split("|")]


def test_the_best_that_does_not_know_the_future_is_bold() -> None:
    name, *rewards = cells(reward_table({"ramp": episodes()}))
    assert name == "ramp"
    assert [each.startswith("**") for each in rewards] == [policy == "planner" for policy in POLICIES]


def test_differences_are_paired_and_the_share_kept_is_of_means() -> None:
    found = cells(pairs_table({"ramp": episodes()}))
    assert found[1:3] == ["+10.0 [+10.0, +10.0]", "+6.0 [+6.0, +6.0]"]
    assert found[3:5] == ["+9.0 [+9.0, +9.0]", "+5.0 [+5.0, +5.0]"]
    assert found[-1] == "90 % [90, 90]"


def test_what_was_not_played_yet_is_left_empty() -> None:
    part = episodes().query("agent != 'distilled'")
    assert cells(reward_table({"ramp": part}))[3] == ""
    found = cells(pairs_table({"ramp": part}))
    assert found[1:5] == ["+10.0 [+10.0, +10.0]", "+6.0 [+6.0, +6.0]", "", ""]
    assert found[-1] == ""


def test_of_a_gain_that_may_be_none_nothing_is_kept() -> None:
    assert cells(pairs_table({"reference": episodes(noise=30.0)}))[-1] == ""


def test_the_interval_of_what_is_kept_widens_with_the_scatter() -> None:
    base = np.zeros(10)
    gains = np.random.default_rng(3).normal(10.0, 1.0, size=(2, 10))
    kept = kept_of((gains[0], base), (gains[1], base))
    assert kept.low < kept.estimate < kept.high
    assert kept.estimate == pytest.approx(gains[1].mean() / gains[0].mean())


def test_rounds_are_whole_and_four_at_least() -> None:
    assert distilling("diurnal", 100)["agents.distilled.episodes"] == 8  # of 460 steps, two in a round
    assert distilling("flash_crowd", 2500)["agents.distilled.episodes"] == 22
