"""The reactive rules on numbers worked out by hand, constants, and the policy contract for all of them."""

from __future__ import annotations

import numpy as np
import pytest

from agents.autoscalers import INDUSTRY
from agents.planned import Planned
from agents.reactive import External, Reactive, Static
from agents.recorded import Recorded
from autoscaling_env.actions import Actions
from autoscaling_env.config import default_config
from autoscaling_env.config.agents import ReactiveConfig
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import RunError
from autoscaling_env.policy import Policy
from autoscaling_env.rollout import play_episode
from autoscaling_env.testing.policy import PolicyContract

DELTAS = (-1, 0, 1)


def seen(*, average: float, maximum: float, rate: float) -> np.ndarray:
    return np.array([0, 0, 0, 0, 0, average, maximum, rate, 1], dtype=np.float32)


def farm(workers: int, *, waiting: int = 0, enqueued: int = 0, output: int = 0) -> dict:
    return {
        "action_deltas": DELTAS,
        "requested_workers": workers,
        "worker_queue": waiting,
        "result_queue": 0,
        "output_queue": output,
        "enqueued_total": enqueued,
        "step": 0,
        "episode_seed": 1,
    }


@pytest.mark.parametrize(
    ("use_maximum", "info", "observation", "action"),
    [
        # Average: optimal = 5·1.5 = 7.5; active 10 -> busy 9/8·1.5·0.5 = 0.84; 8 - 0.84 = 7.16: |0.34| < 0.5
        (False, farm(8, enqueued=10), seen(average=1.5, maximum=4, rate=5), 1),
        # one worker fewer: 7.5 - (7 - 0.66) = 1.16
        (False, farm(7, enqueued=10), seen(average=1.5, maximum=4, rate=5), 2),
        # idle farm: optimal is at least 1; 1 - 12 <= -0.5
        (False, farm(12), seen(average=1.5, maximum=4, rate=0), 0),
        # backlog of 40 over 8 s: (5 + 5)·1.5 = 15
        (False, farm(12, waiting=40, enqueued=40), seen(average=1.5, maximum=4, rate=5), 2),
        # Maximum takes 4 s: 5·4 = 20 and the horizon stays 8
        (True, farm(14, enqueued=10), seen(average=1.5, maximum=4, rate=5), 2),
        # a service time of 0 counts as 0.1 s: optimal = max(1, 0.5); 1 - 1 = 0
        (False, farm(1), seen(average=0, maximum=0, rate=5), 1),
        # the horizon is never shorter than the service: (0 + 40/20·20)·1 = 40 workers
        (True, farm(30, waiting=40, enqueued=40), seen(average=1.5, maximum=20, rate=0), 2),
    ],
)
def test_reactive_by_hand(use_maximum: bool, info: dict, observation: np.ndarray, action: int) -> None:
    policy = Reactive(ReactiveConfig(horizon_s=8, safety=1), use_maximum=use_maximum)
    assert policy.decide(observation, info) - info["requested_workers"] == action - 1


def test_safety_raises_the_count() -> None:
    observation, info = seen(average=1.5, maximum=4, rate=5), farm(8, enqueued=10)
    assert Reactive(ReactiveConfig(horizon_s=8, safety=1.5), use_maximum=False).decide(observation, info) == 9


@pytest.mark.parametrize(
    ("deltas", "wanted", "index"),
    [((-1, 0, 1), 5, 2), ((-1, 0, 1), 0, 1), ((-4, -1, 0, 1, 4), 3, 4), ((-4, -1, 0, 1, 4), 2, 3), ((0, 2), 1, 0)],
)
def test_the_nearest_change_is_taken_and_of_two_the_smaller(deltas, wanted, index) -> None:
    assert Actions(deltas, 1, 32).nearest(10 + wanted, 10) == index
    assert Actions(deltas, 1, 32).nearest_of(np.array([10 + wanted]), np.array([10])).tolist() == [index]


def test_static_goes_there_and_stays() -> None:
    env = OpenFaaSAutoscalingEnv(backend="simpy", initial_workers=10)
    assert set(PolicyContract.play(env, Static(12), 1)) == {12}
    workers = []
    play_episode(
        env,
        Static(12),
        agent="",
        episode=0,
        episode_seed=1,
        on_step=lambda observation, reward, info: workers.append(info["requested_workers"]),
    )
    assert workers[:3] == [11, 12, 12]
    assert set(workers[2:]) == {12}


def test_recorded_repeats_and_then_keeps() -> None:
    env = OpenFaaSAutoscalingEnv(backend="simpy", max_steps=4)
    assert PolicyContract.play(env, Recorded({7: [13, 12]}), 7) == [13, 12, 12, 12]
    with pytest.raises(RunError, match="episode 8 is not in the recording"):
        PolicyContract.play(env, Recorded({7: []}), 8)


def test_planned_plays_the_plan_of_the_episode_and_then_keeps() -> None:
    env = OpenFaaSAutoscalingEnv(backend="simpy", max_steps=4)
    planned = Planned(lambda seed: [2, 2] if seed == 7 else [0])
    assert PolicyContract.play(env, planned, 7) == [13, 14, 14, 14]
    assert PolicyContract.play(env, planned, 8) == [11, 11, 11, 11]


def test_a_count_that_no_action_asks_for_is_not_replayed_as_another() -> None:
    jump = Recorded({7: [13, 20]})
    env = OpenFaaSAutoscalingEnv(backend="simpy", max_steps=4)
    line = (
        r"episode 7, step 2: the recording goes from 13 to 20 workers, which no action of \[-1, 0, 1\] does; replay it"
    )
    with pytest.raises(RunError, match=line):
        PolicyContract.play(env, jump, 7)
    targets = OpenFaaSAutoscalingEnv(backend="simpy", max_steps=4, action="target")
    assert PolicyContract.play(targets, jump, 7) == [13, 20, 20, 20]


def test_a_target_is_reached_at_once_where_actions_are_targets() -> None:
    env, seen_workers = OpenFaaSAutoscalingEnv(action="target", max_steps=3), []
    play_episode(
        env,
        Static(30),
        agent="",
        episode=0,
        episode_seed=1,
        on_step=lambda observation, reward, info: seen_workers.append(info["requested_workers"]),
    )
    assert seen_workers == [30, 30, 30]


class TestReactiveAverage(PolicyContract):
    def make_policy(self) -> Policy:
        return Reactive(default_config().agents.reactive, use_maximum=False)


class TestReactiveMaximum(PolicyContract):
    def make_policy(self) -> Policy:
        return Reactive(default_config().agents.reactive, use_maximum=True)


class TestStatic(PolicyContract):
    def make_policy(self) -> Policy:
        return Static(14)


class TestExternal(PolicyContract):
    def make_policy(self) -> Policy:
        return External()


@pytest.mark.parametrize("name", INDUSTRY)
class TestIndustry(PolicyContract):
    @pytest.fixture(autouse=True)
    def _named(self, name: str) -> None:
        self.name = name

    def make_policy(self) -> Policy:
        return INDUSTRY[self.name](default_config())
