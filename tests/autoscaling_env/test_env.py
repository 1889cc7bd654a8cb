"""The environment's own behaviour, on a farm that tells what the test says."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as sb3_check_env

import autoscaling_env  # registers the environment
from autoscaling_env.config import Config, default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import ConfigError, InputError
from autoscaling_env.info import INFO_KEYS
from autoscaling_env.observation import FIELDS
from autoscaling_env.testing.fakes import FixedWorkload, ScriptedBackend, Window, tasks
from autoscaling_env.wrappers import WorkerStates


def scripted(
    *windows: Window, ceiling: int | None = None, count: int = 10, **knobs: Any
) -> tuple[OpenFaaSAutoscalingEnv, ScriptedBackend]:
    backend = ScriptedBackend(windows or (Window(),), ceiling)
    return OpenFaaSAutoscalingEnv(backend=backend, workload=FixedWorkload(tasks(count)), **knobs), backend


def test_gymnasium_checker_has_nothing_to_say() -> None:
    check_env(gymnasium.make(autoscaling_env.ENV_ID, backend="simpy", render_mode="rgb_array").unwrapped)


def test_stable_baselines3_checker_has_nothing_to_say(env: OpenFaaSAutoscalingEnv) -> None:
    sb3_check_env(env)


def test_both_checkers_have_nothing_to_say_where_actions_are_targets() -> None:
    made = gymnasium.make(autoscaling_env.ENV_ID, action="target", backend="simpy", render_mode="rgb_array")
    check_env(made.unwrapped)
    sb3_check_env(OpenFaaSAutoscalingEnv(action="target"))


@pytest.mark.parametrize("action", [7, np.int64(7), np.int8(7), np.array(7)])
def test_a_target_is_the_wanted_count(action: object) -> None:
    env = OpenFaaSAutoscalingEnv(action="target", min_workers=3, max_workers=20)
    env.reset(seed=1)
    assert env.actions.count == 18
    info = env.step(action)[-1]
    assert (info["requested_workers"], info["requested_delta"], info["action_deltas"]) == (10, -2, ())
    with pytest.raises(gymnasium.error.InvalidAction, match="from 0 to 17"):
        env.step(18)


def test_made_by_its_id() -> None:
    env = gymnasium.make(autoscaling_env.ENV_ID, max_steps=3, backend="simpy")
    env.reset(seed=1)
    assert [env.step(1)[3] for _ in range(3)] == [False, False, True]


def test_actions_change_the_count_by_their_delta() -> None:
    env, backend = scripted(initial_workers=5)
    env.reset(seed=1)
    for action in (0, 1, 2, 2):
        env.step(action)
    assert backend.asked == [4, 4, 5, 6]


def test_the_count_is_clipped_to_its_bounds_and_says_so() -> None:
    env, backend = scripted(initial_workers=3, min_workers=3, max_workers=4)
    env.reset(seed=1)
    told = [env.step(action)[4] for action in (0, 2, 2)]
    assert backend.asked == [3, 4, 4]
    assert [info["scale_reason"] for info in told] == ["at_minimum", "ok", "at_maximum"]
    assert [info["requested_delta"] for info in told] == [-1, 1, 1]
    assert [info["applied_delta"] for info in told] == [0, 1, 0]


def test_a_platform_that_gives_less_is_reported() -> None:
    env, _ = scripted(ceiling=5, initial_workers=5)
    env.reset(seed=1)
    info = env.step(2)[4]
    assert (info["applied_delta"], info["scale_reason"]) == (0, "clamped_by_platform")


def test_terminated_when_everything_is_collected_and_not_truncated() -> None:
    rows = [(1.0, 1.0, True)] * 10
    env, _ = scripted(Window(), Window(finished=rows), max_steps=2)
    env.reset(seed=1)
    assert env.step(1)[2:4] == (False, False)
    _, _, terminated, truncated, info = env.step(1)
    assert (terminated, truncated) == (True, False)
    assert info["reward_terms"]["completion"] == 8
    assert info["episode_final_qos"] == 1


def test_not_terminated_while_the_emitter_still_holds_segments() -> None:
    env, _ = scripted(Window(finished=[(1.0, 1.0, True)] * 10, input_queue=1))
    env.reset(seed=1)
    assert env.step(1)[2] is False


def test_truncated_after_max_steps_with_the_backlog_punished() -> None:
    env, _ = scripted(Window(worker_queue=7), max_steps=2)
    env.reset(seed=1)
    assert env.step(1)[3] is False
    _, _, terminated, truncated, info = env.step(1)
    assert (terminated, truncated) == (False, True)
    assert info["reward_terms"]["unfinished"] == -14
    assert info["unfinished_tasks"] == 10


def test_reward_is_the_sum_of_its_terms(env: OpenFaaSAutoscalingEnv) -> None:
    env.reset(seed=3)
    for action in (2, 2, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1):
        _, reward, *_, info = env.step(action)
        assert reward == sum(info["reward_terms"].values())


def test_info_has_the_documented_keys_and_no_others(env: OpenFaaSAutoscalingEnv) -> None:
    _, info = env.reset(seed=1)
    assert set(info) == set(INFO_KEYS) - {"episode_final_qos"}
    ended = False
    while not ended:
        *_, terminated, truncated, info = env.step(1)
        ended = terminated or truncated
        assert set(info) == set(INFO_KEYS) - (set() if ended else {"episode_final_qos"})


def test_observation_is_the_telemetry_and_the_window() -> None:
    finished = [(7.0, 1.0, True), (7.5, 3.0, False)]
    env, _ = scripted(Window(finished=finished, worker_queue=4, enqueued_total=16, output_queue=2, input_queue=1))
    observation, _ = env.reset(seed=1)
    assert dict(zip(FIELDS, observation.tolist(), strict=True)) == pytest.approx(
        {
            "input_queue": 1,
            "worker_queue": 0,
            "result_queue": 0,
            "output_queue": 0,
            "workers": 12,
            "avg_processing_time": 1.5,
            "max_processing_time": 1.5,
            "arrival_rate": 0,
            "qos_rate": 1,
        }
    )
    observation = env.step(1)[0]
    assert observation.tolist() == pytest.approx([1, 4, 0, 2, 12, 2.0, 3.0, 2.0, 0.5])


def test_stepping_before_reset_is_an_error(env: OpenFaaSAutoscalingEnv) -> None:
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(1)


@pytest.mark.parametrize("action", [-1, 3, 7, 1.7, "1", None, np.array([1, 1]), np.float32(1), np.array([]), [1]])
def test_what_is_no_action_is_refused(env: OpenFaaSAutoscalingEnv, action: object) -> None:
    env.reset(seed=1)
    with pytest.raises(gymnasium.error.InvalidAction, match="must be a whole number from 0 to 2"):
        env.step(action)


@pytest.mark.parametrize(
    "action", [1, np.int64(1), np.array(1), np.uint8(1), np.array([1]), np.array([[1]], dtype=np.int8)]
)
def test_any_whole_number_is_an_action(env: OpenFaaSAutoscalingEnv, action: object) -> None:
    env.reset(seed=1)
    assert env.step(action)[4]["requested_delta"] == 0


@pytest.mark.parametrize("branch", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])  # noqa: S301 - our own
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_copy_made_amid_an_episode_goes_on_alike_and_apart(branch: Callable[[Any], Any], shuffle: bool) -> None:
    env = OpenFaaSAutoscalingEnv(backend="compiled", phase_shuffle=shuffle)
    env.reset(seed=1)
    for action in (2, 2, 0, 1, 2):
        env.step(action)
    other = branch(env)
    told = [(observation.tolist(), reward) for observation, reward, *_ in (env.step(2) for _ in range(12))]
    assert [(observation.tolist(), reward) for observation, reward, *_ in (other.step(2) for _ in range(12))] == told
    assert env.reset()[1] == other.reset()[1]


def test_seeds_name_episodes() -> None:
    workload = FixedWorkload(tasks(3))
    env = OpenFaaSAutoscalingEnv(backend=ScriptedBackend([Window()]), workload=workload)
    env.reset(seed=5)
    env.reset()
    env.reset(seed=5)
    env.reset(options={"episode_seed": 42})
    first, second, again, named = [seed for seed, _ in workload.drawn]
    assert first == again != second
    assert named == 42


def test_task_seed_plays_the_same_tasks_in_every_episode() -> None:
    workload = FixedWorkload(tasks(3))
    env = OpenFaaSAutoscalingEnv(backend=ScriptedBackend([Window()]), workload=workload, task_seed=9)
    for seed in (1, None, 2):
        env.reset(seed=seed)
    assert [seed for seed, _ in workload.drawn] == [9, 9, 9]


@pytest.mark.parametrize(("shuffle", "fixed", "expected"), [(False, None, None), (True, None, 7), (True, 4, 4)])
def test_phase_shuffle_has_its_own_seed(shuffle: bool, fixed: int | None, expected: int | None) -> None:
    workload = FixedWorkload(tasks(3))
    env = OpenFaaSAutoscalingEnv(
        backend=ScriptedBackend([Window()]), workload=workload, phase_shuffle=shuffle, phase_shuffle_seed=fixed
    )
    env.reset(options={"episode_seed": 7})
    assert workload.drawn == [(7, expected)]


def test_knobs_override_the_configuration() -> None:
    env, _ = scripted(step_duration=4.0, observation_window=16.0, max_steps=7, max_workers=20, initial_workers=6)
    assert env.config.environment.step_duration_s == 4
    assert env.config.environment.observation_window_s == 16
    assert env.config.farm.max_workers == 20
    assert env.observation_space.high[4] == 20  # type: ignore[attr-defined]


def test_bad_knobs_are_one_line_each() -> None:
    with pytest.raises(ConfigError) as caught:
        scripted(max_workers=4, initial_workers=9, step_duration=-1.0)
    assert caught.value.problems == (
        "argument: farm: initial_workers 9 must lie in [min_workers, max_workers] = [1, 4]",
        "argument: environment.step_duration_s: -1.0: must be greater than 0",
    )


def test_an_unknown_knob_names_the_right_one() -> None:
    with pytest.raises(InputError, match=r"unknown argument 'max_worker' \(did you mean 'max_workers'\?\)"):
        scripted(max_worker=4)


def test_unknown_backend_and_render_mode_name_the_right_ones() -> None:
    with pytest.raises(InputError, match=r"unknown backend 'simpi' \(did you mean 'simpy'\?\)"):
        OpenFaaSAutoscalingEnv(backend="simpi")
    with pytest.raises(InputError, match="rgb_array"):
        OpenFaaSAutoscalingEnv(backend="simpy", render_mode="humane")


def test_more_actions_reach_further_at_once() -> None:
    config = default_config()
    wider = config.model_dump(mode="json")
    wider["environment"]["action_deltas"] = [-4, 0, 4]
    env = OpenFaaSAutoscalingEnv(
        config=Config.model_validate_json(json.dumps(wider)), backend="simpy", initial_workers=4
    )
    env.reset(seed=1)
    assert env.action_space.n == 3  # type: ignore[attr-defined]
    assert env.step(2)[4]["requested_workers"] == 8


def test_worker_states_are_an_opt_in() -> None:
    env = WorkerStates(OpenFaaSAutoscalingEnv(backend="simpy"))
    observation, _ = env.reset(seed=1)
    assert observation.shape == (12,)
    assert observation[-3:].tolist() == [12, 0, 0]
    observation = env.step(2)[0]
    assert observation in env.observation_space


def test_ansi_shows_the_step_as_a_line() -> None:
    env = OpenFaaSAutoscalingEnv(backend="simpy", render_mode="ansi")
    env.reset(seed=1)
    env.step(2)
    line = env.render()
    assert line.startswith("step    1  t      8.0 s")
    assert "workers 13 (ready" in line


def test_rgb_array_draws_load_against_capacity() -> None:
    env = OpenFaaSAutoscalingEnv(backend="simpy", render_mode="rgb_array")
    env.reset(seed=1)
    blank = env.render()
    for _ in range(10):
        env.step(2)
    picture = env.render()
    assert picture.shape == (360, 640, 3)
    assert picture.dtype == np.uint8
    assert (picture != blank).any()


def test_close_closes_the_farm() -> None:
    env, backend = scripted()
    env.close()
    assert backend.closed == 1


def test_an_unknown_reset_option_is_told(env: OpenFaaSAutoscalingEnv) -> None:
    with pytest.raises(InputError, match="unknown reset option 'episode_sed' \\(did you mean 'episode_seed'\\?\\)"):
        env.reset(options={"episode_sed": 3})
