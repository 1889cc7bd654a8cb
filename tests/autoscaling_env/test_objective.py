"""Objectives of the user's: weights of a step's numbers, and functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from autoscaling_env.config import load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError
from autoscaling_env.objective import ENDS, Objective, load_function, one_by_one
from autoscaling_env.records import StepLog
from autoscaling_env.schema import NUMBERS
from tests.simulator import rewards

WEIGHTS = {"worker_queue": -0.1, "requested_workers": -0.02, "missed_in_step": -1.0}


def played(steps: int = 30, **given: Any) -> tuple[OpenFaaSAutoscalingEnv, list[tuple[float, dict[str, Any]]]]:
    env = OpenFaaSAutoscalingEnv(backend="simpy", **given)
    env.reset(seed=3)
    seen = []
    for _ in range(steps):
        _, reward, _, _, info = env.step(0)
        seen.append((float(reward), info))
    return env, seen


def test_numbers_are_weighed_term_by_term() -> None:
    env, seen = played(reward=WEIGHTS)
    assert env.config.reward.terms.weights == WEIGHTS
    missed = 0
    for reward, info in seen:
        terms = info["reward_terms"]
        assert list(terms) == list(WEIGHTS)
        assert terms["requested_workers"] == -0.02 * info["requested_workers"]
        assert terms["missed_in_step"] == missed - info["qos_violations"]
        assert reward == sum(terms.values())
        missed = info["qos_violations"]
    assert missed > 0


def test_a_function_sees_every_number_and_how_the_step_ended() -> None:
    given: list[Mapping[str, Any]] = []

    def keep(step: Mapping[str, Any]) -> float:
        given.append(step)
        return float(step["worker_queue"])

    env, seen = played(reward=keep)
    assert env.config.reward.function == "tests.autoscaling_env.test_objective:keep"
    assert all(set(step) == {*NUMBERS, *ENDS} for step in given)
    assert [step["step"] for step in given] == list(range(1, 31))
    assert [step["truncated"] for step in given] == [False] * 29 + [True]
    for step, (reward, info) in zip(given, seen, strict=True):
        assert info["reward_terms"] == {"reward": reward}
        assert all(step[name] == info[name] for name in NUMBERS if name in info)
        assert step["progress"] == info["step"] / 30


def test_by_its_name_it_is_the_same() -> None:
    one, other = played(reward=rewards.frugal)[1], played(reward="tests.simulator.rewards:frugal")[1]
    assert [each for each, _ in one] == [each for each, _ in other]
    assert [*one[0][1]["reward_terms"]] == ["workers", "late", "done"]


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        ({"worker_que": 1.0}, r"reward.terms.worker_que: unknown number .*did you mean 'worker_queue'"),
        ({"qos_rate": "much"}, "must be a number"),
        ({}, "objective: terms needs terms"),
        ("costs", "must be 'shaped', 'cost', a mapping"),
        ("tests.simulator.nowhere:f", "cannot be imported"),
        ("tests.simulator.rewards:f", "has no function f"),
        ("tests.simulator.rewards:swallows_nothing", "is called with the step's numbers"),
        ("tests.simulator.rewards:no-name", "reward.function"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(reward: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        OpenFaaSAutoscalingEnv(backend="simpy", reward=reward)
    assert len(error.value.problems) == 1


@pytest.mark.parametrize(
    ("assignments", "said"),
    [
        (["reward.terms={qos_rate: 1}"], "terms has no effect without objective: terms"),
        (["reward.function=a:b"], "function has no effect without objective: function"),
        (["reward.objective=function"], "objective: function needs function"),
    ],
)
def test_half_an_objective_is_none(assignments: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_config(assignments=assignments)


def numbers(**named: Any) -> dict[str, Any]:
    return {name: np.zeros(2) for name in NUMBERS} | {name: np.zeros(2, dtype=bool) for name in ENDS} | named


def test_many_at_once_or_one_by_one() -> None:
    step = numbers(worker_queue=np.array([3.0, 30.0]))
    config = load_config(
        assignments=["reward.objective=function", "reward.function=tests.simulator.rewards:plain"]
    ).reward
    with pytest.raises(
        InputError, match=r"tests\.simulator\.rewards:plain: takes one environment at a time.*one_by_one"
    ):
        Objective(config).terms(None, step)
    each = Objective(config, one_by_one(rewards.plain))
    assert each.terms(None, step)["reward"].tolist() == [0.0, -1.0]
    assert each.terms(None, {name: value[1] for name, value in step.items()}) == {"reward": -1.0}


def test_an_error_of_the_function_is_its_own() -> None:
    def fails(step: Mapping[str, Any]) -> float:
        raise ValueError("no such queue")

    with pytest.raises(ValueError, match="no such queue"):
        played(1, reward=fails)


def test_its_terms_are_recorded_and_stay_the_same() -> None:
    env, seen = played(2, reward=rewards.frugal)
    log = StepLog("function")
    observation = env.reset(seed=3)[0]
    for reward, info in seen:
        log.append("mine", 0, observation, reward, False, False, info)
    frame = log.frame()
    assert [name for name in frame.columns if name.startswith("reward_")] == [
        "reward_workers",
        "reward_late",
        "reward_done",
    ]
    assert frame["reward_workers"].tolist() == [info["reward_terms"]["workers"] for _, info in seen]
    with pytest.raises(InputError, match="the reward's terms are workers, late, done; at a later step reward"):
        log.append("mine", 0, observation, 0.0, False, False, seen[0][1] | {"reward_terms": {"reward": 0.0}})


def test_load_function_finds_it() -> None:
    assert load_function("tests.simulator.rewards:frugal") is rewards.frugal
