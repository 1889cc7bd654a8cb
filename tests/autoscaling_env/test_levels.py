"""Levels: so many episodes, played again and again; those for testing are none of those for training."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env import ENV_ID
from autoscaling_env.config import default_config
from autoscaling_env.errors import ConfigError, InputError
from autoscaling_env.rng import LEVELS, SEED_BOUND
from autoscaling_env.settings import with_overrides
from autoscaling_env.workload import level_of


def environment(**values: Any) -> Any:
    return with_overrides(default_config(), {f"environment.{key}": value for key, value in values.items()}).environment


@given(
    levels=st.integers(1, LEVELS),
    start=st.integers(0, LEVELS - 1),
    drawn=st.lists(st.integers(0, SEED_BOUND - 1), min_size=1),
)
def test_no_level_is_in_both_sets_and_each_is_an_episode(levels: int, start: int, drawn: list[int]) -> None:
    start = min(start, LEVELS - levels)
    training = environment(levels=levels, start_level=start)
    testing = environment(levels=levels, start_level=start, level_set="test")
    for seed in drawn:
        one, other = level_of(training, seed), level_of(testing, seed)
        assert start <= one < start + levels <= LEVELS <= other == one + LEVELS < SEED_BOUND
    assert level_of(training, np.array(drawn)).tolist() == [level_of(training, seed) for seed in drawn]


def seeds(env: Any, count: int) -> list[int]:
    env.reset(seed=11)
    return [env.reset()[1]["episode_seed"] for _ in range(count)]


def test_episodes_are_the_levels_each_as_likely() -> None:
    played = seeds(gymnasium.make(ENV_ID, levels=4, start_level=3, level_set="test"), 400)
    counts = [played.count(LEVELS + 3 + level) for level in range(4)]
    assert sum(counts) == 400
    assert min(counts) > 60  # 100 expected, with a standard deviation of 8.7


def test_the_same_level_is_the_same_episode_in_single_and_vector_environments() -> None:
    one, many = gymnasium.make(ENV_ID, levels=2), gymnasium.make_vec(ENV_ID, num_envs=3, levels=2)
    named, _ = one.reset(options={"episode_seed": 1})
    _, infos = many.reset(seed=0)
    assert set(infos["episode_seed"].tolist()) <= {0, 1}
    many.reset(options={"episode_seeds": [1, 1, 1]})
    observations, *_ = many.step(np.array([2, 2, 2]))
    assert observations[1].tolist() == one.step(2)[0].tolist()
    assert named in one.observation_space


def test_without_levels_nothing_changes() -> None:
    unlimited = environment()
    assert level_of(unlimited, 123456789012345) == 123456789012345


@pytest.mark.parametrize("make", [gymnasium.make, gymnasium.make_vec])
def test_what_makes_no_levels_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"environment.levels: 0: must be greater than or equal to 1"):
        make(ENV_ID, levels=0)
    with pytest.raises(ConfigError, match=r"level_set has no effect without levels"):
        make(ENV_ID, level_set="test")
    with pytest.raises(ConfigError, match=r"start_level has no effect without levels"):
        make(ENV_ID, start_level=4)
    with pytest.raises(ConfigError, match=r"level_set: \"tests\": must be train or test \(did you mean 'test'\?\)"):
        make(ENV_ID, levels=4, level_set="tests")
    with pytest.raises(ConfigError, match=r"start_level \+ levels = 4294967299 must not exceed 4294967296"):
        make(ENV_ID, levels=4, start_level=LEVELS - 1)
    with pytest.raises(InputError, match=r"^task_seed and levels both say which episodes are played; choose one"):
        make(ENV_ID, levels=4, task_seed=1)
