"""The vector environment is n single environments, number for number, and Gymnasium's own vector API."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from autoscaling_env.config import Config, default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.settings import with_overrides
from autoscaling_env.testing.fakes import FixedWorkload
from autoscaling_env.types import TaskBatch
from simulator.compiled.episodes import EpisodeBatch
from simulator.vector_env import AutoscalingVectorEnv

PHASES: list[dict[str, Any]] = [
    {"pattern": "steady", "duration_s": 60.0, "rate": 0.5},
    {"pattern": "oscillation", "duration_s": 60.0, "min_rate": 0.5, "max_rate": 1.5},
]
KINDS: dict[str, dict[str, float]] = {
    "exact": {},
    "poisson": {},
    "gamma": {"cv": 0.5},
    "modulated": {"dispersion": 4.0, "correlation_s": 5.0},
}
SCENARIOS: dict[str, dict[str, Any]] = {
    "reference": {},
    "long window": {"environment.observation_window_s": 30.0, "environment.step_duration_s": 7.0},
    "short window": {"environment.observation_window_s": 2.5},
    "odd steps": {"environment.step_duration_s": 0.7, "environment.observation_window_s": 2.1},
    "big moves": {"environment.action_deltas": (-9, 0, 9), "farm.min_workers": 4},
    "slow collector": {"farm.collect_s": 0.15},
    "cost": {"reward.objective": "cost"},
    "shuffled": {"environment.phase_shuffle": True},
    "ends early": {"environment.max_steps": 60},
    "targets": {"environment.action": "target", "farm.min_workers": 2},
    "mixed arrivals": {
        "workload.phases": [
            {**PHASES[0], "arrivals": {"kind": "gamma", "cv": 2.0}},
            {**PHASES[1], "arrivals": {"kind": "poisson"}},
            {**PHASES[0], "arrivals": {"kind": "modulated", "dispersion": 4.0, "correlation_s": 5.0}},
            {**PHASES[1], "arrivals": {"kind": "windowed"}},
        ],
        "environment.phase_shuffle": True,
    },
    "own view": {
        "environment.observation": (
            "worker_queue",
            {"field": "arrival_rate", "history": 4},
            "applied_delta",
            {"field": "workers_starting", "history": 2},
            "progress",
            "time_s",
            "workers",
            "missed_in_step",
        ),
    },
    "weighed": {
        "reward.objective": "terms",
        "reward.terms": {"worker_queue": -0.1, "qos_rate": 1.5, "workers": -0.02, "terminated": 3.0, "progress": -0.5},
    },
    "own reward": {"reward.objective": "function", "reward.function": "tests.simulator.rewards:frugal"},
    "other phases": {
        "workload.phases": [
            {**PHASES[0], "spread": {"rate": 0.2, "duration_s": 5.0}},
            {**PHASES[1], "spread": {"max_rate": 0.4}},
        ],
        "environment.phase_shuffle": True,
    },
    "levels": {"environment.levels": 4, "environment.level_set": "test", "environment.start_level": 7},
    "randomized": {
        "randomize": {
            "farm.startup": {"kind": "log_uniform", "low": 0.5, "high": 2.0, "relative": True},
            "farm.pickup.high_s": {"kind": "uniform", "low": 0.05, "high": 0.5},
            "farm.service_overhead.value_s": {"kind": "choice", "values": [0.0, 0.05, 0.2]},
            "farm.initial_workers": {"kind": "uniform", "low": 3, "high": 20},
        },
        "environment.action_deltas": (-9, 0, 9),
    },
    "randomized tasks": {
        "randomize": {
            "workload.base_rate_per_min": {"kind": "uniform", "low": 0.5, "high": 1.5, "relative": True},
            "workload.service": {"kind": "log_uniform", "low": 0.5, "high": 2.0, "relative": True},
            "workload.phases.1.duration_s": {"kind": "uniform", "low": 30.0, "high": 60.0},
            "farm.startup.shift_s": {"kind": "uniform", "low": 1.0, "high": 9.0},
        },
        "environment.phase_shuffle": True,
        "environment.levels": 5,
    },
    **{kind: {"workload.phases": PHASES, "workload.arrivals": {"kind": kind} | more} for kind, more in KINDS.items()},
}


def config_of(name: str) -> Config:
    return with_overrides(default_config(), SCENARIOS[name])


def equal(mine: Any, other: Any, where: str) -> None:
    if isinstance(other, dict):
        assert set(mine) == set(other), where
        for key in other:
            equal(mine[key], other[key], f"{where}.{key}")
    elif other.dtype == object:
        assert [_plain(item) for item in mine] == [_plain(item) for item in other], where
    else:
        assert mine.dtype == other.dtype, f"{where}: {mine.dtype} {other.dtype}"
        np.testing.assert_array_equal(mine, other, err_msg=where)


def _plain(item: Any) -> Any:
    return item.tolist() if isinstance(item, np.ndarray) else item


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("name", SCENARIOS)
def test_equals_gymnasium_s_own_vector_of_simpy_environments(name: str, mode: AutoresetMode) -> None:
    config, count = config_of(name), 3
    steps = 40 if "steps" not in name else 400
    mine = AutoscalingVectorEnv(count, config=config, autoreset_mode=mode, threads=2)
    envs = [lambda: OpenFaaSAutoscalingEnv(config=config, backend="simpy")] * count
    other = SyncVectorEnv(envs, autoreset_mode=mode)
    assert mine.single_observation_space == other.single_observation_space
    assert mine.observation_space == other.observation_space
    assert mine.action_space == other.action_space
    assert mine.metadata["autoreset_mode"] is other.metadata["autoreset_mode"]
    for one, two, what in zip(mine.reset(seed=5), other.reset(seed=5), ("obs", "info"), strict=True):
        equal(one, two, f"reset {what}")
    rng = np.random.default_rng(7)
    for step in range(steps):
        actions = rng.choice(3, size=count, p=[0.3, 0.3, 0.4])
        if name == "targets":
            actions = rng.integers(31, size=count)
        results = zip(mine.step(actions), other.step(actions), ("obs", "reward", "end", "cut", "info"), strict=True)
        for one, two, what in results:
            equal(one, two, f"step {step} {what}")
    mine.close()
    other.close()


def test_a_task_collected_as_the_window_begins_is_in_it() -> None:
    config = with_overrides(
        default_config(),
        {
            "environment.observation_window_s": 16.0,
            "farm.pickup": {"kind": "constant", "value_s": 0.0},
        },
    )
    at_s = np.array([4.0, 60.0])  # the first is collected at 8 s: the window of 24 s begins there
    workload = FixedWorkload(TaskBatch(at_s, np.array([4.0, 1.0]), np.array([1.0, 9.0]), np.zeros(1)))
    mine = AutoscalingVectorEnv(1, config=config, workload=workload)
    other = OpenFaaSAutoscalingEnv(config=config, workload=workload, backend="simpy")
    mine.reset(seed=1)
    other.reset(seed=1)
    seen = [(mine.step(np.ones(1, dtype=np.int64))[0][0], other.step(1)[0]) for _ in range(4)]
    assert [one.tolist() for one, _ in seen] == [two.tolist() for _, two in seen]
    assert [float(two[5]) for _, two in seen][1:] == [4.0, 4.0, workload.mean_service_s]


def test_episode_seeds_name_the_episodes() -> None:
    envs = AutoscalingVectorEnv(3)
    _, infos = envs.reset(options={"episode_seeds": [11, 4, 11]})
    assert infos["episode_seed"].tolist() == [11, 4, 11]
    observation, *_ = envs.step(np.array([2, 2, 2]))
    assert observation[0].tolist() == observation[2].tolist() != observation[1].tolist()


def test_threads_and_neighbours_change_nothing() -> None:
    def play(count: int, threads: int) -> list[list[float]]:
        envs = AutoscalingVectorEnv(count, threads=threads, phase_shuffle=True)
        envs.reset(options={"episode_seeds": list(range(count))})
        seen = [envs.step(np.full(count, (step * 7) % 3))[0][:2] for step in range(30)]
        return np.concatenate(seen).tolist()

    assert play(2, 1) == play(9, 2)


@pytest.mark.parametrize("bad_row", [0, 7], ids=["here", "in a thread of its own"])
def test_an_error_in_any_threads_share_is_not_lost(bad_row: int, monkeypatch: pytest.MonkeyPatch) -> None:
    envs = AutoscalingVectorEnv(8, threads=2)
    envs.reset(seed=0)
    draw = EpisodeBatch.draw

    def fails_for_one(fleet: EpisodeBatch, workload: Any, rows: Any, *rest: Any) -> None:
        if bad_row in rows:
            raise RuntimeError("no tasks here")
        draw(fleet, workload, rows, *rest)

    monkeypatch.setattr(EpisodeBatch, "draw", fails_for_one)
    with pytest.raises(RuntimeError, match="no tasks here"):
        envs.reset(seed=1)


def test_reset_mask_restarts_only_some() -> None:
    envs = AutoscalingVectorEnv(3, autoreset_mode="Disabled")
    envs.reset(seed=1)
    before, *_ = envs.step(np.zeros(3, dtype=np.int64))
    after, infos = envs.reset(options={"reset_mask": np.array([False, True, False])})
    assert after[0].tolist() == before[0].tolist()
    assert infos["_step"].tolist() == [False, True, False]
    with pytest.raises(ValueError, match="reset_mask"):
        envs.reset(options={"reset_mask": np.zeros(3)})


def test_step_needs_reset() -> None:
    with pytest.raises(gymnasium.error.ResetNeeded):
        AutoscalingVectorEnv(2).step(np.zeros(2, dtype=np.int64))


def test_wrong_lengths_are_named() -> None:
    envs = AutoscalingVectorEnv(2)
    with pytest.raises(ValueError, match="num_envs = 2"):
        envs.reset(seed=[1, 2, 3])
    with pytest.raises(ValueError, match="episode_seeds"):
        envs.reset(options={"episode_seeds": [1]})


@pytest.mark.parametrize("actions", [[0, 3], [-1, 0], [0.0, 1.0], [1], [[0, 1]], 1])
def test_what_are_no_actions_is_refused(actions: Any) -> None:
    envs = AutoscalingVectorEnv(2)
    envs.reset(seed=0)
    with pytest.raises(gymnasium.error.InvalidAction, match="must be 2 whole numbers from 0 to 2"):
        envs.step(actions)


def test_made_by_gymnasium() -> None:
    envs = gymnasium.make_vec("OpenFaaSAutoscaling-v0", num_envs=4, vectorization_mode="vector_entry_point")
    assert isinstance(envs, AutoscalingVectorEnv)
    observation, _ = envs.reset(seed=0)
    assert envs.observation_space.contains(observation)
    envs.close()


def test_targets_are_counts_and_others_are_refused() -> None:
    env = AutoscalingVectorEnv(2, action="target", max_workers=20, min_workers=3)
    env.reset(seed=1)
    infos = env.step(np.array([0, 17]))[-1]
    assert infos["requested_workers"].tolist() == [3, 20]
    assert infos["action_deltas"].tolist() == [(), ()]
    with pytest.raises(gymnasium.error.InvalidAction, match="must be 2 whole numbers from 0 to 17"):
        env.step(np.array([0, 18]))
