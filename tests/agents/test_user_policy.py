"""A user's policy: sound answers pass, anything else is one line with its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agents.user_policy import UserPolicy, user_policy
from autoscaling_env.errors import ModelError
from autoscaling_env.policy import Policy
from autoscaling_env.testing.policy import PolicyContract
from tests.agents.farms import seen

INFO = {"action_deltas": (-1, 0, 1), "min_workers": 1, "max_workers": 32, "requested_workers": 5}


class Answers:
    """Gives what it was made with, or raises it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def reset(self) -> None:
        if self.answer == "reset":
            raise ValueError("no memory\nto forget")

    def act(self, observation: Any, info: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class TestUserPolicy(PolicyContract):
    def make_policy(self) -> Policy:
        return user_policy("mine:make", lambda: Answers(np.int64(2)))


@pytest.mark.parametrize("answer", [2, np.int64(2), np.int8(2), np.array(2), np.uint64(2)])
def test_any_whole_number_is_an_action(answer: Any) -> None:
    action = UserPolicy("mine:make", Answers(answer)).decide(seen(), INFO)
    assert (action, type(action)) == (6, int)


@pytest.mark.parametrize(
    "answer", [3, -1, 10**30, 1.0, np.float32(1), None, "1", [1], np.array([1, 2]), np.array([0.0]), float("nan")]
)
def test_anything_else_is_refused_in_one_line(answer: Any) -> None:
    with pytest.raises(ModelError, match="return a whole number from 0 to 2") as caught:
        UserPolicy("mine:make", Answers(answer)).decide(seen(), INFO)
    assert re.match(r"mine:make: act\(\) returned .*\(\w+\); ", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [ZeroDivisionError("division by zero"), KeyError("qos"), AssertionError()])
def test_what_it_raises_is_told_with_its_place(error: Exception) -> None:
    with pytest.raises(ModelError) as caught:
        UserPolicy("mine:make", Answers(error)).decide(seen(), INFO)
    assert re.fullmatch(
        rf"mine:make: act\(\) raised {type(error).__name__}.* \(test_user_policy.py, line \d+\)", str(caught.value)
    )


def test_an_error_in_reset_is_one_line_too() -> None:
    with pytest.raises(ModelError, match=r"reset\(\) raised ValueError: no memory to forget \("):
        UserPolicy("mine:make", Answers("reset")).reset()


@pytest.mark.parametrize(
    ("factory", "said"), [(dict, "made a dict, which lacks"), (lambda: 1 / 0, "raised ZeroDivisionError")]
)
def test_a_factory_that_makes_no_policy(factory: Callable[[], Any], said: str) -> None:
    with pytest.raises(ModelError, match=f"^mine:make:? {said}"):
        user_policy("mine:make", factory)


def test_ctrl_c_is_not_an_error_of_the_policy() -> None:
    class Slow(Answers):
        def act(self, observation: Any, info: Any) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        UserPolicy("mine:make", Slow(1)).decide(seen(), INFO)


class Counts:
    """Says counts."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def reset(self) -> None:
        pass

    def decide(self, observation: Any, info: Any) -> Any:
        return self.answer


class TestUserPolicyOfCounts(PolicyContract):
    def make_policy(self) -> Policy:
        return user_policy("mine:make", lambda: Counts(np.int64(9)))


@pytest.mark.parametrize("answer", [0, 40, np.int32(40), np.uint8(7)])
def test_any_whole_number_is_a_count(answer: Any) -> None:
    wanted = UserPolicy("mine:make", Counts(answer)).decide(seen(), INFO)
    assert (wanted, type(wanted)) == (int(answer), int)


@pytest.mark.parametrize("answer", [-1, 2.0, None, "3", float("nan"), np.array([1, 2])])
def test_what_is_no_count_is_refused_in_one_line(answer: Any) -> None:
    with pytest.raises(ModelError, match=r"^mine:make: decide\(\) returned .*; return the number of workers, a whole"):
        UserPolicy("mine:make", Counts(answer)).decide(seen(), INFO)
