"""The environments of a device are those of the CPU, number for number, where they play the same episodes."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from autoscaling_env.config import default_config
from autoscaling_env.errors import BackendError, InputError
from autoscaling_env.settings import with_overrides
from simulator.cuda.vector_env import CudaVectorEnv
from simulator.vector_env import AutoscalingVectorEnv
from tests.simulator.test_vector_env import SCENARIOS, config_of, equal

#: Its reward is a function of Python.
PLAYED = [name for name in SCENARIOS if name != "own reward"]
SHORT = {"environment.max_steps": 5}


#: In these the step that ends an episode begins the next.
SAME = ("reference", "own view", "randomized", "modulated")
CASES = [(name, AutoresetMode.NEXT_STEP) for name in PLAYED] + [(name, AutoresetMode.SAME_STEP) for name in SAME]


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_equals_the_environment_of_the_cpu(name: str, mode: AutoresetMode) -> None:
    config, count = with_overrides(config_of(name), SHORT), 2
    expected: Any = AutoscalingVectorEnv(count, config=config, autoreset_mode=mode)
    found = CudaVectorEnv(count, config=config, autoreset_mode=mode, exact=True).to_numpy()
    assert found.observation_space == expected.observation_space
    assert found.action_space == expected.action_space
    for one, two in zip(found.reset(seed=5), expected.reset(seed=5), strict=True):
        equal(one, two, "reset")
    rng = np.random.default_rng(7)
    for step in range(8):
        actions = rng.integers(expected.single_action_space.n, size=count)
        for one, two, what in zip(
            found.step(actions), expected.step(actions), ["obs", "reward", "end", "cut", "info"], strict=True
        ):
            equal(one, two, f"step {step} {what}")


def short(count: int = 3, **arguments: Any) -> CudaVectorEnv:
    return CudaVectorEnv(count, **{"max_steps": 3, "pool": 4, **arguments})


def play(env: CudaVectorEnv, steps: int, action: int = 1) -> list[np.ndarray[Any, Any]]:
    seen = []
    for _ in range(steps):
        observation, *_ = env.step(np.full(env.num_envs, action))
        seen.append(env.target.fetch(observation))
    return seen


def test_arrays_stay_where_they_are() -> None:
    env = short()
    observation, infos = env.reset(seed=1)
    again, reward, *ends, more = env.step(np.ones(3, dtype=np.int64))
    assert again is observation
    assert infos == more == {}
    assert reward.shape == (3,)
    assert all(end.dtype == np.bool_ for end in ends)
    before = env.target.fetch(observation)
    taken, *_ = env.step(env.target.put(np.ones(3, dtype=np.int64)))
    assert taken is observation
    assert not np.array_equal(env.target.fetch(observation), before)
    assert env.info()["step"].tolist() == [2, 2, 2]
    assert env.device_bytes > 0


def test_the_same_seed_is_the_same_episodes() -> None:
    env, other = short(), short()
    env.reset(seed=7)
    other.reset(seed=7)
    first = play(env, 9)
    assert np.array_equal(first, play(other, 9))
    env.reset(seed=8)
    assert not np.array_equal(first, play(env, 9))
    env.reset(seed=7)
    assert np.array_equal(first, play(env, 9))


def test_rows_play_different_levels_one_after_the_other() -> None:
    env = short(40, pool=8, max_steps=1, autoreset_mode="SameStep")
    env.reset(seed=3)
    played = [env.target.fetch(env.playing.episodes.farms.level)]
    for _ in range(3):
        env.step(np.ones(40, dtype=np.int64))
        played.append(env.target.fetch(env.playing.episodes.farms.level))
    assert np.unique(played).tolist() == list(range(8))
    assert len({tuple(column) for column in np.array(played).T}) > 30


def test_the_last_episode_of_each_row_is_told() -> None:
    env = short(2, autoreset_mode="SameStep")
    env.reset(seed=1)
    rewards = []
    for _ in range(3):
        _, reward, *_ = env.step(np.array([0, 2]))
        rewards.append(env.target.fetch(reward))
    told = {name: env.target.fetch(getattr(env.outcomes, name)) for name in env.outcomes._fields}
    assert told["final_steps"].tolist() == [3, 3]
    np.testing.assert_allclose(told["final_return"], np.sum(rewards, axis=0))
    assert told["truncated"].all()
    assert told["final_observation"].any()
    assert env.info()["step"].tolist() == [0, 0]


def test_named_episodes_are_played() -> None:
    env = CudaVectorEnv(2, max_steps=4)
    env.reset(options={"episode_seeds": [11, 4]})
    expected = AutoscalingVectorEnv(2, max_steps=4)
    expected.reset(options={"episode_seeds": [11, 4]})
    for seen in play(env, 3, action=2):
        np.testing.assert_array_equal(seen, expected.step(np.full(2, 2))[0])


def test_a_mask_begins_some_only() -> None:
    env = short(autoreset_mode="Disabled")
    env.reset(seed=1)
    play(env, 2)
    env.reset(options={"reset_mask": np.array([True, False, False])})
    assert env.info()["step"].tolist() == [0, 2, 2]
    with pytest.raises(ValueError, match="reset_mask"):
        env.reset(options={"reset_mask": np.zeros(3)})


def test_float32_is_near() -> None:
    exact, near = short(max_steps=9), short(max_steps=9, precision="float32")
    exact.reset(seed=2)
    near.reset(seed=2)
    for one, two in zip(play(exact, 6), play(near, 6), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-3)
    assert near.outcomes.reward.dtype == np.float32


def test_what_cannot_be_is_said_when_somebody_looks() -> None:
    env = short()
    env.reset(seed=1)
    env.check()
    play(env, 1, action=9)
    with pytest.raises(BackendError, match="3 environments: an action that there is not"):
        env.check()
    env.reset(seed=1)
    env.check()
    forgetful = short(ring=1, max_steps=9)
    forgetful.reset(seed=1)
    play(forgetful, 1)
    with pytest.raises(BackendError, match="give a larger one"):
        forgetful.check()


@pytest.mark.parametrize("actions", [[0.0, 1.0, 2.0], [1], [[0, 1, 2]]])
def test_what_are_no_actions_is_refused(actions: Any) -> None:
    env = short()
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(3, dtype=np.int64))
    env.reset(seed=0)
    with pytest.raises(gymnasium.error.InvalidAction, match=r"must be int64\[3\], each from 0 to 2"):
        env.step(actions)


def test_arguments_that_cannot_be_are_one_line() -> None:
    with pytest.raises(InputError, match=r"unknown precision 'float23' \(did you mean 'float32'\?\)"):
        CudaVectorEnv(2, precision="float23")
    with pytest.raises(InputError, match=r"unknown reset option 'episode_sead'"):
        CudaVectorEnv(2).reset(options={"episode_sead": 1})
    env = CudaVectorEnv(2, config=with_overrides(default_config(), SCENARIOS["own reward"]))
    with pytest.raises(InputError, match=r"^reward.function: runs in Python"):
        env.reset()
