"""The twin: where everything is known, it imagines what the farm does."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from autoscaling_env.actions import Actions, nearest_action
from autoscaling_env.config import Config, default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.settings import with_overrides
from autoscaling_env.twin import FarmState, Future, Imagined, Twin
from autoscaling_env.workload import draw_episode
from simulator.compiled.backend import CompiledBackend
from simulator.twin import CompiledTwin
from workloads import make_workload

STEPS = 12


def known(config: Config, seed: int, *starting_s: float) -> Future:
    """Return the tasks of an episode as a future that is known."""
    batch = draw_episode(make_workload(config), config.environment, seed)
    return Future(batch.arrival_s, batch.service_s, batch.deadline_s, seed, np.array(starting_s))


def at_begin(config: Config) -> FarmState:
    return FarmState(config.farm.initial_workers)


def played(config: Config, seed: int, plan: np.ndarray) -> tuple[float, int, float, int]:
    """Return reward, misses, worker seconds and the queue, of the environment itself."""
    env = OpenFaaSAutoscalingEnv(config=config, backend="compiled")
    _, info = env.reset(options={"episode_seed": seed})
    total, paid = 0.0, 0.0
    for wanted in plan.tolist():
        _, gained, _, _, info = env.step(nearest_action(wanted, info))
        total += gained
        paid += info["requested_workers"] * info["step_duration_s"]
    return total, info["qos_violations"], paid, info["worker_queue"]


def imagined_by(twin: Twin, state: FarmState, futures: list[Future], plans: np.ndarray, **settings: Any) -> Imagined:
    return twin.imagine(state, futures, plans.shape[1], **settings).play(plans)


@pytest.fixture
def config() -> Config:
    return default_config()


@pytest.fixture
def plans(config: Config) -> np.ndarray:
    return np.random.default_rng(0).integers(1, config.farm.max_workers + 1, size=(5, STEPS)).cumsum(axis=1) % 30 + 1


def test_is_a_twin(config: Config) -> None:
    assert isinstance(CompiledTwin(config, 1.5), Twin)


@pytest.mark.parametrize("action", ["delta", "target"])
def test_known_futures_are_played_as_the_environment_plays_them(config: Config, plans: np.ndarray, action: str) -> None:
    config = with_overrides(config, {"environment.action": action})
    twin = CompiledTwin(config, make_workload(config).mean_service_s)
    imagined = imagined_by(twin, at_begin(config), [known(config, seed) for seed in (3, 4)], plans)
    for place, plan in enumerate(plans):
        for future, seed in enumerate((3, 4)):
            total, missed, paid, waiting = played(config, seed, plan)
            assert imagined.reward[place, future] == pytest.approx(total, abs=1e-9)
            assert imagined.missed[place, future] == missed
            assert imagined.worker_seconds[place, future] == paid
            assert imagined.waiting[place, future] == waiting


def test_what_was_imagined_before_leaves_no_trace(config: Config, plans: np.ndarray) -> None:
    fresh, used = CompiledTwin(config, 1.5), CompiledTwin(config, 1.5)
    imagined_by(used, FarmState(3, 2, 2), [known(config, seed, 2.0, 9.0) for seed in (8, 9, 10)], plans)
    state, futures = at_begin(config), [known(config, 3)]
    assert_array_equal(
        imagined_by(used, state, futures, plans[:2]).reward, imagined_by(fresh, state, futures, plans[:2]).reward
    )


def tasks(
    count: int, service_s: float, deadline_s: float, *, at_s: float = 0.0, starting_s: tuple[float, ...] = ()
) -> Future:
    arrival_s, work_s, longest_s = (np.full(count, each) for each in (at_s, service_s, deadline_s))
    return Future(arrival_s, work_s, longest_s, seed=0, starting_s=np.array(starting_s))


def test_workers_are_ready_when_the_state_says_so(config: Config) -> None:
    """Two tasks of 1 s wait, a worker comes after 3 and one after 20 s: the first is done in time, both in the end."""
    config = with_overrides(config, {"farm.pickup": {"kind": "constant", "value_s": 0.0}})
    hold, future = np.full((1, 4), 2), tasks(2, 1.0, 4.6, starting_s=(3.0, 20.0))
    imagined = imagined_by(CompiledTwin(config, 1.0), FarmState(0, starting=2), [future], hold)
    assert imagined.missed.item() == 1
    assert imagined.waiting.item() == 0
    assert_allclose(imagined.worker_seconds, 4 * 2 * config.environment.step_duration_s)


@pytest.mark.parametrize("action", ["delta", "target"])
def test_more_workers_can_be_starting_than_a_block_of_start_up_times_has(config: Config, action: str) -> None:
    terms = {"farm.pickup": {"kind": "constant", "value_s": 0.0}, "farm.max_workers": 200, "environment.action": action}
    config = with_overrides(config, terms)
    future = tasks(90, 1.0, 3.5, starting_s=tuple(np.linspace(1.0, 2.0, 90)))
    imagined = imagined_by(CompiledTwin(config, 1.0), FarmState(0, starting=90), [future], np.full((2, 3), 90))
    assert_array_equal(imagined.missed, [[0], [0]])
    assert_allclose(imagined.worker_seconds, 3 * 90 * config.environment.step_duration_s)


def test_tasks_in_service_have_been_picked_up(config: Config) -> None:
    """Picking up takes longer than their deadline; they have it behind them, what waits has not."""
    config = with_overrides(config, {"farm.pickup": {"kind": "constant", "value_s": 5.0}})
    begun = imagined_by(CompiledTwin(config, 1.0), FarmState(3, 3), [tasks(3, 1.0, 3.0)], np.full((1, 3), 3))
    waiting = imagined_by(CompiledTwin(config, 1.0), FarmState(3), [tasks(3, 1.0, 3.0)], np.full((1, 3), 3))
    assert (begun.missed.item(), waiting.missed.item()) == (0, 3)


def test_workers_that_are_starting_are_no_change(config: Config) -> None:
    """Holding is not punished for what was requested before."""
    terms = {"farm.pickup": {"kind": "constant", "value_s": 0.0}}
    config = with_overrides(config, terms)
    twin, hold = CompiledTwin(config, 1.0), np.full((1, 3), 6)
    ready = imagined_by(twin, FarmState(6), [tasks(1, 1.0, 60.0, at_s=1.0)], hold)
    starting = imagined_by(twin, FarmState(4, starting=2), [tasks(1, 1.0, 60.0, at_s=1.0, starting_s=(1.0, 2.0))], hold)
    assert_allclose(ready.reward, starting.reward)


def test_what_is_still_in_the_window_counts() -> None:
    """A task in time and three that were late, collected 10 s ago: QoS reads a quarter until they are out of sight."""
    config = with_overrides(default_config(), {"environment.observation_window_s": 20.0})
    twin, hold = CompiledTwin(config, 1.0), np.full((1, 1), 12)
    past_s, late = np.full(4, -10.0), np.array([True, False, False, False])
    nothing = tasks(0, 1.0, 1.0)
    seen = imagined_by(twin, FarmState(12, collected_s=past_s, met=late), [nothing], hold)
    unseen = imagined_by(twin, FarmState(12, collected_s=past_s - 5.0, met=late), [nothing], hold)
    fresh = imagined_by(twin, FarmState(12), [nothing], hold)
    assert seen.reward.item() < fresh.reward.item() - 0.5
    assert unseen.reward.item() == fresh.reward.item()
    assert seen.missed.item() == 0


def test_workers_that_leave_finish_their_task_and_take_no_other(config: Config) -> None:
    config = with_overrides(config, {"farm.pickup": {"kind": "constant", "value_s": 0.0}})
    both = Future(np.zeros(2), np.ones(2), np.full(2, 5.0), seed=0)  # the second waits
    twin, hold = CompiledTwin(config, 1.0), np.full((1, 1), 1)
    leaving = imagined_by(twin, FarmState(0, starting=1, draining=1), [_with_start(both, 7.5)], hold)
    staying = imagined_by(twin, FarmState(1, 1), [both], hold)
    assert (leaving.missed.item(), leaving.waiting.item()) == (0, 0)
    assert leaving.reward.item() == staying.reward.item()
    gone = imagined_by(twin, FarmState(0, starting=1, draining=1), [_with_start(both, 30.0)], hold)
    assert gone.waiting.item() == 1


def _with_start(future: Future, *starting_s: float) -> Future:
    return replace(future, starting_s=np.array(starting_s))


def played_until_now(config: Config, seed: int, wanted: list[int]) -> tuple[OpenFaaSAutoscalingEnv, FarmState, Future]:
    """Play counts; return the environment, and all that there is to know of its farm."""
    env = OpenFaaSAutoscalingEnv(config=config, backend="compiled")
    _, info = env.reset(options={"episode_seed": seed})
    batch = draw_episode(make_workload(config), config.environment, seed)
    farm = CompiledBackend(config.farm)
    seen = farm.reset(batch, config.farm.initial_workers)
    requested_s: list[float] = []
    for count in wanted:
        now_s, before = float(info["time_s"]), int(info["requested_workers"])
        *_, info = env.step(nearest_action(count, info))
        requested_s += [now_s] * (int(info["requested_workers"]) - before)
        farm.scale_to(int(info["requested_workers"]))
        seen = farm.advance(float(info["step_duration_s"]))
    now_s, log = float(info["time_s"]), farm.task_log()
    assert seen.worker_queue == info["worker_queue"]
    begun, over = log.started_s < now_s, np.isfinite(log.finished_s)
    held, waiting = np.flatnonzero(begun & ~over), np.flatnonzero(~begun & (batch.arrival_s < now_s))
    come = np.flatnonzero(batch.arrival_s >= now_s)
    overhead_s = config.farm.service_overhead.mean_s
    left_s = log.started_s[held] + batch.service_s[held] + overhead_s - now_s
    there = np.concatenate((held, waiting))
    waited_s = now_s - batch.arrival_s[there]
    future = Future(
        np.concatenate((np.zeros(len(there)), batch.arrival_s[come] - now_s)),
        np.concatenate((left_s, batch.service_s[waiting], batch.service_s[come])),
        np.concatenate((batch.deadline_s[there] - waited_s, batch.deadline_s[come])),
        seed,
        np.array(requested_s[len(requested_s) - info["workers_starting"] :]) + config.farm.startup.mean_s - now_s,
        np.full(99, config.farm.startup.mean_s),
    )
    recent = np.flatnonzero(log.collected_s >= now_s - config.environment.observation_window_s)
    recent = recent[np.argsort(log.collected_s[recent])]
    met = log.collected_s[recent] - batch.arrival_s[recent] <= batch.deadline_s[recent]
    ready, busy = int(info["workers_ready"]), int(info["busy_workers"])
    starting, draining = int(info["workers_starting"]), int(info["workers_draining"])
    return env, FarmState(ready, busy, starting, draining, log.collected_s[recent] - now_s, met), future


@pytest.mark.parametrize("action", ["delta", "target"])
@pytest.mark.parametrize("begin", [[9, 14, 20], [16, 16, 16, 8], [4, 4, 4, 4, 12]])
def test_the_middle_of_an_episode_is_played_as_the_environment_plays_it(
    config: Config, action: str, begin: list[int]
) -> None:
    """Work left, start-up times, window and leaving workers are known: what the farm does is imagined exactly."""
    none, some = {"kind": "constant", "value_s": 0.0}, {"kind": "constant", "value_s": 0.25}
    startup = {"kind": "constant", "value_s": 9.0}
    delays = {"farm.pickup": none, "farm.service_overhead": some, "farm.startup": startup, "farm.collect_s": 0.0}
    config = with_overrides(config, {**delays, "environment.action": action})
    env, state, future = played_until_now(config, 5, begin)
    plan = [11, 8, 16, 12, 9]
    imagined = imagined_by(
        CompiledTwin(config, make_workload(config).mean_service_s), state, [future], np.array([plan])
    )
    gained, paid, requested = 0.0, 0.0, state.requested
    for count in plan:
        _, reward, _, _, info = env.step(Actions.of(config).nearest(count, requested))
        requested = int(info["requested_workers"])
        gained += float(reward)
        paid += requested * info["step_duration_s"]
    assert imagined.waiting.item() == info["worker_queue"]
    assert imagined.worker_seconds.item() == paid
    assert imagined.reward.item() == pytest.approx(gained, abs=1e-9)
