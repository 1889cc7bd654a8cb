"""An argument no environment can be made with is one line, when it is made."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from autoscaling_env import ENV_ID
from autoscaling_env.errors import InputError
from experiments import make_env

NO_SEEDS = [-1, 2.5, "x", 2**63, True, np.float64(3)]


@pytest.mark.parametrize("count", [0, -1, 2.5, "3", None, True])
def test_a_number_of_environments(count: Any) -> None:
    with pytest.raises(InputError, match=f"^num_envs {count!r}: must be a whole number from 1 to"):
        gymnasium.make_vec(ENV_ID, num_envs=count)
    if count is not None:
        with pytest.raises(InputError, match=r"^num_envs "):
            make_env(num_envs=count)


@pytest.mark.parametrize("threads", [0, -2, 1.5])
def test_a_number_of_threads(threads: Any) -> None:
    with pytest.raises(InputError, match=f"^threads {threads!r}: must be a whole number from 1 to"):
        gymnasium.make_vec(ENV_ID, num_envs=2, threads=threads)


@pytest.mark.parametrize("seed", NO_SEEDS)
def test_a_seed_of_tasks(seed: Any) -> None:
    for make in (lambda: gymnasium.make(ENV_ID, task_seed=seed), lambda: gymnasium.make_vec(ENV_ID, task_seed=seed)):
        with pytest.raises(InputError, match=r"^task_seed .*: must be a whole number from 0 to 9223372036854775807$"):
            make()


def test_numbers_of_numpy_are_numbers() -> None:
    many = gymnasium.make_vec(ENV_ID, num_envs=np.int64(2), task_seed=np.int32(7))  # type: ignore[arg-type]
    one = gymnasium.make(ENV_ID, task_seed=7)
    assert np.array_equal(many.reset(seed=1)[0][1], one.reset(seed=3)[0])


@pytest.mark.parametrize("seed", NO_SEEDS)
def test_the_seed_of_an_episode(seed: Any) -> None:
    many: Any = gymnasium.make_vec(ENV_ID, num_envs=2)
    with pytest.raises(InputError, match=r"^episode_seed "):
        gymnasium.make(ENV_ID).reset(options={"episode_seed": seed})
    with pytest.raises(InputError, match=r"^episode_seed "):
        many.reset(options={"episode_seed": seed})
    with pytest.raises(InputError, match=r"^episode_seeds "):
        many.reset(options={"episode_seeds": [3, seed]})
    with pytest.raises(InputError, match=r"^seed "):
        many.reset(seed=[3, seed])
    with pytest.raises(InputError, match=r"^seed "):
        many.reset(seed=seed)


def test_what_reset_does_not_know_is_named() -> None:
    with pytest.raises(InputError, match=r"unknown reset option 'episode_sead' \(did you mean 'episode_seed'\?\)"):
        gymnasium.make_vec(ENV_ID, num_envs=2).reset(options={"episode_sead": 3})


def test_a_mode_there_is_not() -> None:
    with pytest.raises(InputError, match=r"unknown autoreset_mode 'SameStap' \(did you mean 'SameStep'\?\)"):
        gymnasium.make_vec(ENV_ID, num_envs=2, autoreset_mode="SameStap")


def test_a_file_is_no_configuration() -> None:
    for make in (lambda: gymnasium.make(ENV_ID, config="x.yml"), lambda: gymnasium.make_vec(ENV_ID, config="x.yml")):
        with pytest.raises(InputError, match=r"^config 'x.yml': must be a Config; .*load_config reads a file"):
            make()
