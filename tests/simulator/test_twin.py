"""The twin: where everything is known, it imagines what the farm does."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from autoscaling_env.actions import nearest_action
from autoscaling_env.config import Config, default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.settings import with_overrides
from autoscaling_env.twin import FarmState, Future, Twin
from autoscaling_env.workload import draw_episode
from simulator.twin import CompiledTwin
from workloads import make_workload

STEPS = 12
NOBODY = np.zeros(0)


def known(config: Config, seed: int) -> Future:
    """Return the tasks of an episode as a future that is known."""
    batch = draw_episode(make_workload(config), config.environment, seed)
    return Future(batch.arrival_s, batch.service_s, batch.deadline_s, seed)


def at_begin(config: Config) -> FarmState:
    return FarmState(config.farm.initial_workers, 0, NOBODY)


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
    imagined = twin.play(at_begin(config), [known(config, seed) for seed in (3, 4)], plans)
    for place, plan in enumerate(plans):
        for future, seed in enumerate((3, 4)):
            total, missed, paid, waiting = played(config, seed, plan)
            assert imagined.reward[place, future] == pytest.approx(total, abs=1e-9)
            assert imagined.missed[place, future] == missed
            assert imagined.worker_seconds[place, future] == paid
            assert imagined.waiting[place, future] == waiting


def test_what_was_imagined_before_leaves_no_trace(config: Config, plans: np.ndarray) -> None:
    fresh, used = CompiledTwin(config, 1.5), CompiledTwin(config, 1.5)
    used.play(FarmState(3, 2, np.array([2.0, 9.0])), [known(config, seed) for seed in (8, 9, 10)], plans)
    state, futures = at_begin(config), [known(config, 3)]
    assert_array_equal(used.play(state, futures, plans[:2]).reward, fresh.play(state, futures, plans[:2]).reward)


def tasks(count: int, service_s: float, deadline_s: float, *, at_s: float = 0.0) -> Future:
    return Future(np.full(count, at_s), np.full(count, service_s), np.full(count, deadline_s), seed=0)


def test_workers_are_ready_when_the_state_says_so(config: Config) -> None:
    """Two tasks of 1 s wait, a worker comes after 3 and one after 20 s: the first is done in time, both in the end."""
    config = with_overrides(config, {"farm.pickup": {"kind": "constant", "value_s": 0.0}})
    state = FarmState(0, 0, np.array([3.0, 20.0]))
    hold = np.full((1, 4), 2)
    imagined = CompiledTwin(config, 1.0).play(state, [tasks(2, 1.0, 4.6)], hold)
    assert imagined.missed.item() == 1
    assert imagined.waiting.item() == 0
    assert_allclose(imagined.worker_seconds, 4 * 2 * config.environment.step_duration_s)


@pytest.mark.parametrize("action", ["delta", "target"])
def test_more_workers_can_be_starting_than_a_block_of_start_up_times_has(config: Config, action: str) -> None:
    terms = {"farm.pickup": {"kind": "constant", "value_s": 0.0}, "farm.max_workers": 200, "environment.action": action}
    config = with_overrides(config, terms)
    state = FarmState(0, 0, np.linspace(1.0, 2.0, 90))
    imagined = CompiledTwin(config, 1.0).play(state, [tasks(90, 1.0, 3.5)], np.full((2, 3), 90))
    assert_array_equal(imagined.missed, [[0], [0]])
    assert_allclose(imagined.worker_seconds, 3 * 90 * config.environment.step_duration_s)


def test_tasks_in_service_have_been_picked_up(config: Config) -> None:
    """Picking up takes longer than their deadline; they have it behind them, what waits has not."""
    config = with_overrides(config, {"farm.pickup": {"kind": "constant", "value_s": 5.0}})
    begun = CompiledTwin(config, 1.0).play(FarmState(3, 3, NOBODY), [tasks(3, 1.0, 3.0)], np.full((1, 3), 3))
    waiting = CompiledTwin(config, 1.0).play(FarmState(3, 0, NOBODY), [tasks(3, 1.0, 3.0)], np.full((1, 3), 3))
    assert (begun.missed.item(), waiting.missed.item()) == (0, 3)


def test_workers_that_are_starting_are_no_change(config: Config) -> None:
    """Holding is not punished for what was requested before."""
    terms = {"farm.pickup": {"kind": "constant", "value_s": 0.0}}
    config = with_overrides(config, terms)
    twin, hold = CompiledTwin(config, 1.0), np.full((1, 3), 6)
    ready = twin.play(FarmState(6, 0, NOBODY), [tasks(1, 1.0, 60.0, at_s=1.0)], hold)
    starting = twin.play(FarmState(4, 0, np.array([1.0, 2.0])), [tasks(1, 1.0, 60.0, at_s=1.0)], hold)
    assert_allclose(ready.reward, starting.reward)
