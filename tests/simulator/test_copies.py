"""A copy of an environment goes on as the original does, whatever farm it plays on."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autoscaling_env.env import OpenFaaSAutoscalingEnv
from simulator.vector_env import AutoscalingVectorEnv

COPIES = [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))]  # noqa: S301 - our own


def steps(env: OpenFaaSAutoscalingEnv, actions: list[int]) -> list[Any]:
    farm: Any = env.backend
    return [[*env.step(action)[0].tolist(), farm.task_log().finished_s.tobytes()] for action in actions]


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_amid_an_episode(engine: str, copied: Callable[[Any], Any]) -> None:
    env = OpenFaaSAutoscalingEnv(backend=engine, step_duration=4, max_steps=60)
    env.reset(seed=5)
    steps(env, [2, 2, 0, 1, 0, 0, 2])
    other = copied(env)
    assert other.backend is not env.backend
    goes_on = steps(env, [0, 1, 2, 2, 1, 1, 0])
    assert steps(other, [0, 1, 2, 2, 1, 1, 0]) == goes_on
    assert np.array_equal(env.reset()[0], other.reset()[0])  # and into the next episode


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_before_the_first_and_after_the_last(engine: str, copied: Callable[[Any], Any]) -> None:
    env = OpenFaaSAutoscalingEnv(backend=engine)
    assert copied(env).reset(seed=1)[1] == env.reset(seed=1)[1]
    env.close()
    assert copied(env).reset(seed=2)[1] == env.reset(seed=2)[1]


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("threads", [1, 2])
def test_many_at_once(threads: int, copied: Callable[[Any], Any]) -> None:
    env = AutoscalingVectorEnv(3, threads=threads)
    env.reset(seed=1)
    env.step(np.array([0, 1, 2]))
    other = copied(env)
    for _ in range(40):
        mine, its = (each.step(np.array([1, 2, 0])) for each in (env, other))
        assert all(np.array_equal(one, another) for one, another in zip(mine[:4], its[:4], strict=True))
    env.close()
    other.close()
