"""The planner: an ordinary policy, which does what its imagination says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from agents.planning.forecast import Persistence
from agents.planning.forecast.forecaster import Counts
from agents.planning.futures import _newest
from agents.planning.planner import Effort, Planner
from agents.planning.plans import HoldAfterWait
from agents.planning.service import ServicePool
from autoscaling_env.config import default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.settings import with_overrides
from autoscaling_env.testing.policy import PolicyContract
from autoscaling_env.twin import FarmState, Future, Imagined
from autoscaling_env.types import TaskBatch
from simulator.twin import CompiledTwin

#: Always four seconds.
STARTUP_S = np.full(9, 4.0)
POOL = ServicePool(np.arange(3.0), np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))


class TestPlanner(PolicyContract):
    def make_policy(self) -> Policy:
        twin = CompiledTwin(default_config(), 1.5)
        return Planner(twin, Persistence(30.0), POOL, startup_s=STARTUP_S, effort=Effort(horizon=6, futures=3))


class Told:
    """A twin that says which plan is best, and remembers what it was asked."""

    def __init__(self, best: int) -> None:
        self.best = best
        self.asked: list[tuple[FarmState, Sequence[Future], NDArray[np.int64]]] = []

    def imagine(
        self, state: FarmState, futures: Sequence[Future], steps: int, *, beyond: int = 0, ends: bool = False
    ) -> ToldSituation:
        return ToldSituation(self, state, futures)


@dataclass
class ToldSituation:
    twin: Told
    state: FarmState
    futures: Sequence[Future]

    def play(self, plans: NDArray[np.int64], begin: int = 0, end: int | None = None) -> Imagined:
        if begin == 0:
            self.twin.asked.append((self.state, self.futures, plans))
            self.best = plans[self.twin.best]
        gained = np.zeros((len(plans), len(self.futures[begin:end])))
        gained[(plans == self.best).all(axis=1)] = 1.0
        nothing = np.zeros_like(gained, dtype=np.int64)
        return Imagined(gained, nothing, gained, nothing)


def planner(twin: Told, **settings: Any) -> Planner:
    settings = {"effort": Effort(horizon=6, futures=3, rounds=0), **settings}
    return Planner(twin, Persistence(30.0), POOL, startup_s=STARTUP_S, **settings)


def episode(policy: Policy, steps: int = 8) -> list[int]:
    env = OpenFaaSAutoscalingEnv(backend="compiled", action="target")
    policy.reset()
    observation, info = env.reset(options={"episode_seed": 3})
    wanted = []
    for _ in range(steps):
        wanted.append(policy.decide(observation, info))
        observation, *_, info = env.step(int(np.clip(wanted[-1], 1, 32)) - 1)
    return wanted


def test_takes_the_first_step_of_the_best_plan() -> None:
    twin = Told(best=7)
    assert episode(planner(twin)) == [int(plans[7, 0]) for _, _, plans in twin.asked]


def test_it_tells_what_each_first_count_promises() -> None:
    twin = Told(best=7)
    policy = planner(twin)
    assert policy.values() == {}
    wanted = episode(policy, steps=1)[0]
    _, _, plans = twin.asked[0]
    assert set(policy.values()) == set(plans[:, 0].tolist())
    assert policy.values() == {count: float(count == wanted) - 1.0 for count in policy.values()}
    policy.reset()
    assert policy.values() == {}


def test_the_same_seed_imagines_the_same_futures() -> None:
    one, two, other = Told(0), Told(0), Told(0)
    for twin, seed in ((one, 5), (two, 5), (other, 6)):
        episode(planner(twin, seed=seed))
    for mine, same, different in zip(one.asked, two.asked, other.asked, strict=True):
        assert_array_equal(mine[1][0].arrival_s, same[1][0].arrival_s)
        assert (
            len(mine[1][0].arrival_s) != len(different[1][0].arrival_s)
            or (mine[1][0].service_s != different[1][0].service_s).any()
        )


def test_what_is_there_comes_before_what_may_come() -> None:
    twin = Told(best=3)
    env = OpenFaaSAutoscalingEnv(backend="compiled", action="target")
    policy = planner(twin)
    policy.reset()
    observation, info = env.reset(options={"episode_seed": 3})
    for _ in range(10):
        policy.decide(observation, info)
        state, futures, _ = twin.asked[-1]
        assert state.requested == info["requested_workers"]
        assert (state.ready, state.busy) == (info["workers_ready"], info["busy_workers"])
        here = info["busy_workers"] + info["worker_queue"]
        for future in futures:
            assert len(future.starting_s) == state.starting == info["workers_starting"]
            assert (future.starting_s > 0).all()
            assert (future.arrival_s[:here] == 0).all()
            assert (np.diff(future.arrival_s) >= 0).all()
            assert (future.service_s >= 0).all()
            assert (future.deadline_s[here:] > 0).all()
        observation, *_, info = env.step(0 if info["step"] < 6 else 20)


class Heard(Persistence):
    """A forecaster that remembers what it was told had arrived."""

    def __init__(self) -> None:
        super().__init__(30.0)
        self.arrived: list[list[int]] = []

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        self.arrived.append(arrived.tolist())
        return super().sample(arrived, horizon, count, rng)


def test_what_arrived_and_when_workers_were_requested_is_remembered() -> None:
    """The reference takes 8 s a step; a worker that was asked for at the last step has 8 s of its 20 s behind it."""
    twin, heard = Told(best=0), Heard()
    config = with_overrides(default_config(), {"farm.startup": {"kind": "constant", "value_s": 20.0}})
    env = OpenFaaSAutoscalingEnv(config=config, backend="compiled", action="target")
    policy = Planner(twin, heard, POOL, startup_s=np.full(9, 20.0), effort=Effort(rounds=0), learns=False)
    for _ in range(2):  # the second episode knows nothing of the first
        policy.reset()
        observation, info = env.reset(options={"episode_seed": 3})
        totals = [0]
        for _ in range(4):
            policy.decide(observation, info)
            assert heard.arrived[-1] == np.diff(totals).tolist()
            observation, *_, info = env.step(int(info["requested_workers"]) + 1)  # two workers more at each step
            totals.append(int(info["enqueued_total"]))
        left_s = np.mean([future.starting_s for future in twin.asked[-1][1]], axis=0)
        assert left_s[:2].mean() < left_s[2:].mean() < 24.0


def test_tasks_in_service_are_longer_than_others() -> None:
    rng, many = np.random.default_rng(0), np.zeros(200_000)
    left_s, _ = POOL.draw_begun(many, rng)
    assert left_s.mean() == pytest.approx((1 + 4 + 9) / (2 * (1 + 2 + 3)), rel=0.01)  # E[S^2] / 2 E[S]
    assert POOL.draw(many, rng)[0].mean() == pytest.approx(2.0, rel=0.01)


def test_tasks_are_those_of_the_same_time() -> None:
    times_s = np.arange(1000.0)
    pool = ServicePool(times_s[::-1], 1.0 + times_s[::-1], 5000.0 + times_s[::-1], neighbours=20)
    for at_s, least, most in ((500.0, 480, 519), (-9.0, 0, 19), (9999.0, 980, 999)):
        for draw in (pool.draw, pool.draw_begun):
            _, deadline_s = draw(np.full(4000, at_s), np.random.default_rng(0))
            assert (deadline_s.min(), deadline_s.max()) == (5000.0 + least, 5000.0 + most)
    service_s, deadline_s = pool.draw(np.full(9, 500.0), np.random.default_rng(0))
    assert_array_equal(service_s - 1.0, deadline_s - 5000.0)


def test_a_pool_holds_the_tasks_of_all_episodes() -> None:
    one = TaskBatch(np.array([1.0, 5.0]), np.array([10.0, 50.0]), np.array([100.0, 500.0]))
    other = TaskBatch(np.array([2.0]), np.array([20.0]), np.array([200.0]))
    pool = ServicePool.of_episodes([one, other])
    service_s, deadline_s = pool.draw(np.full(500, 2.0), np.random.default_rng(0))
    assert set(zip(service_s, deadline_s, strict=True)) == {(10.0, 100.0), (20.0, 200.0), (50.0, 500.0)}


def test_tasks_without_any_work_can_be_in_service() -> None:
    nothing = ServicePool(np.zeros(3), np.zeros(3), np.ones(3))
    assert_array_equal(nothing.draw_begun(np.zeros(4), np.random.default_rng(0))[0], np.zeros(4))


def test_plans_stay_within_the_bounds_and_begin_with_no_change() -> None:
    plans = HoldAfterWait().first(5, 1, 8, 10)
    assert_array_equal(plans[0], np.full(10, 5))
    assert (plans.min(), plans.max()) == (1, 8)
    assert len(np.unique(plans, axis=0)) == len(plans)
    assert {tuple(plan) for plan in plans} >= {(8,) * 10, (5, 5, *(8,) * 8), (5,) * 5 + (1,) * 5}


def test_a_farm_of_one_size_has_one_plan() -> None:
    assert_array_equal(HoldAfterWait().first(4, 4, 4, 3), [[4, 4, 4]])


def test_the_newest_tasks_came_last() -> None:
    arrived = np.array([5, 0, 3, 2])
    at_s = _newest(arrived, 4, 10.0, 1, np.random.default_rng(0))[0]
    assert_array_equal(at_s // 10, [2, 2, 3, 3])
    nothing = np.zeros(0, dtype=np.int64)
    assert_allclose(_newest(nothing, 2, 10.0, 3, np.random.default_rng(0)), np.zeros((3, 2)))
    assert _newest(arrived, 20, 10.0, 3, np.random.default_rng(0)).shape == (3, 20)


def test_near_plans_differ_and_stay_within_the_bounds() -> None:
    plan = np.array([5, 5, 8, 8, 8, 8])
    near = HoldAfterWait().near(plan, 1, 9)
    assert ((near >= 1) & (near <= 9)).all()
    assert (near != plan).any(axis=1).all()
    assert {tuple(each) for each in near} >= {(4, 5, 8, 8, 8, 8), (5, 6, 9, 9, 9, 9), (6, 6, 9, 9, 9, 9)}


def test_a_decision_is_explained() -> None:
    policy = TestPlanner().make_policy()
    assert isinstance(policy, Planner)
    policy.reset()
    assert policy.explanation() is None
    wanted = episode(policy, 3)[-1]
    told = policy.explanation()
    assert told is not None
    assert json.loads(json.dumps(told)) == told
    assert told["plans"][0]["wanted"][0] == wanted
    assert len(told["plans"]) == 3
    assert list(told["forecast"]) == ["0.05", "0.25", "0.5", "0.75", "0.95"]
    assert len(told["forecast"]["0.5"]) == 6
    assert "tasks are foreseen in the next 48 s" in told["because"]


class Steps:
    """A clock that goes on by so much whenever it is asked."""

    def __init__(self, by_s: float) -> None:
        self.now_s, self.by_s = 0.0, by_s

    def __call__(self) -> float:
        self.now_s += self.by_s
        return self.now_s


def test_search_stops_at_its_budget() -> None:
    def imagined(by_s: float) -> int:
        twin = CompiledTwin(default_config(), 1.5)
        effort = Effort(horizon=6, futures=3, budget_s=1.0, caution=0.0)
        policy = Planner(twin, Persistence(30.0), POOL, startup_s=STARTUP_S, effort=effort, clock=Steps(by_s))
        episode(policy, 2)
        told = policy.explanation()
        assert told is not None
        return int(told["imagined"])

    assert imagined(9.0) < imagined(0.01)


def test_near_its_end_an_episode_is_imagined_up_to_it() -> None:
    twin = Told(best=0)
    episode(planner(twin, max_steps=8))
    assert [plans.shape[1] for *_, plans in twin.asked] == [6, 6, 6, 5, 4, 3, 2, 1]


def test_many_tasks_thin_the_plans_but_not_to_nothing() -> None:
    counts = []
    for tasks in (10**9, 6_000, 1):
        twin = Told(best=0)
        policy = planner(twin, effort=Effort(horizon=6, futures=3, rounds=0, tasks=tasks, least_plans=5))
        episode(policy, steps=1)
        counts.append(len(twin.asked[0][2]))
        assert (twin.asked[0][2][0] == twin.asked[0][0].requested).all()  # to hold is among them
    assert counts[0] > counts[1] > counts[2] == 5


def test_counts_that_cannot_be_reached_are_not_looked_at() -> None:
    twin = Told(best=0)
    policy = planner(twin)
    env = OpenFaaSAutoscalingEnv(backend="compiled")  # one worker a step
    observation, info = env.reset(options={"episode_seed": 3})
    policy.decide(observation, info)
    state, _, plans = twin.asked[0]
    assert (np.abs(plans - state.requested) <= 6).all()
    assert len(np.unique(plans, axis=0)) == len(plans)


@pytest.mark.parametrize("charges", [False, True])
def test_what_waits_after_a_plan_is_charged_where_that_is_wanted(charges: bool) -> None:
    ends: list[bool] = []

    class Listening(Told):
        def imagine(self, *given: Any, ends: bool = False, **more: Any) -> ToldSituation:
            found.append(ends)
            return super().imagine(*given, **more)

    found = ends
    episode(planner(Listening(best=7), charges_waiting=charges), steps=3)
    assert ends == [charges] * 3


def test_a_backlog_that_is_late_already_is_served_where_it_is_charged() -> None:
    config = with_overrides(default_config(), {"environment.action": "target", "reward.objective": "cost"})
    wanted = []
    for charges in (False, True):
        env = OpenFaaSAutoscalingEnv(config=config, backend="compiled")
        policy = Planner(
            CompiledTwin(config, 1.5), Persistence(0.0), POOL, startup_s=STARTUP_S, charges_waiting=charges
        )
        observation, info = env.reset(options={"episode_seed": 3})
        for _ in range(20):  # it is asked, and nobody does what it says
            said = policy.decide(observation, info)
            observation, *_, info = env.step(0)
        wanted.append(said)
    assert wanted[1] > 10
