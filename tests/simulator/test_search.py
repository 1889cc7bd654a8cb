"""Searches over copied farms: the return they claim is what the environment pays."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from autoscaling_env.config import default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import FloatArray, TaskBatch
from simulator.compiled import playing
from simulator.compiled.episodes import EpisodeBatch
from simulator.search import best_static, hindsight, play_sequences, play_static
from workloads import make_workload

CONFIG = default_config()
WORKLOAD = make_workload(CONFIG)
MEAN_S = WORKLOAD.mean_service_s


def returned(actions: list[int], seed: int, config=CONFIG) -> float:
    env = OpenFaaSAutoscalingEnv(config=config, backend="simpy")
    env.reset(options={"episode_seed": seed})
    total, over = 0.0, False
    for action in actions:
        if over:
            break
        _, reward, terminated, truncated, _ = env.step(action)
        total, over = total + float(reward), terminated or truncated
    assert over
    return total


def test_sequences_return_what_the_environment_pays() -> None:
    actions = np.random.default_rng(1).integers(3, size=(4, 30))
    played = play_sequences(CONFIG, WORKLOAD.draw(3), MEAN_S, actions)
    assert played.total_reward.tolist() == [returned(row.tolist(), 3) for row in actions]
    assert set(played.steps.tolist()) <= {29, 30}  # time drifts, so some end early


def test_hindsight_returns_what_it_says_and_beats_every_static_count() -> None:
    batch = WORKLOAD.draw(5)
    actions, total = hindsight(CONFIG, batch, MEAN_S, beam_width=64)
    assert total == returned(actions.tolist(), 5)
    assert total >= play_static(CONFIG, batch, MEAN_S, np.arange(1, 33)).total_reward.max()
    again = hindsight(CONFIG, batch, MEAN_S, beam_width=64)
    assert again[0].tolist() == actions.tolist()


def test_hindsight_finds_the_optimum_where_everything_can_be_tried() -> None:
    config = with_overrides(CONFIG, {"environment.max_steps": 6, "environment.step_duration_s": 16.0})
    batch = WORKLOAD.draw(2)
    every = np.array(list(itertools.product(range(3), repeat=6)))
    best = play_sequences(config, batch, MEAN_S, every).total_reward.max()
    assert hindsight(config, batch, MEAN_S, beam_width=128)[1] == best


def test_a_given_start_is_never_beaten_by_the_answer_being_worse() -> None:
    start = [2] * 20 + [0] * 10
    batch = WORKLOAD.draw(9)
    total = play_sequences(CONFIG, batch, MEAN_S, np.array([start])).total_reward[0]
    assert hindsight(CONFIG, batch, MEAN_S, beam_width=1, starts=[start])[1] >= total


def test_best_static_is_the_best_of_all() -> None:
    best, mean = best_static(CONFIG, WORKLOAD, [1, 2])
    assert len(mean) == 32
    assert best == 1 + int(np.argmax(mean))
    held = play_static(CONFIG, WORKLOAD.draw(1), MEAN_S, np.array([15]))
    assert held.workers[0, -1] == 15
    assert held.total_reward[0] == returned(held.actions[0].tolist(), 1)


@pytest.mark.parametrize("steps", [1, 7, 20])
def test_a_copy_goes_on_as_the_original_does(steps: int) -> None:
    fleet = EpisodeBatch(CONFIG, MEAN_S, 2)
    fleet.load(np.arange(2), WORKLOAD.draw(4))
    fleet.begin(np.arange(2))
    rng, first = np.random.default_rng(0), np.array([0])
    for action in rng.integers(3, size=(steps, 1)):
        fleet.step(first, action)
    playing.copy(fleet.episodes, first, np.array([1]))
    for action in rng.integers(3, size=12):
        fleet.step(np.arange(2), np.array([action, action]))
        facts, observation = fleet.episodes.facts, fleet.episodes.observation
        assert facts[0].tolist() == facts[1].tolist()
        assert observation[0].tolist() == observation[1].tolist()


def test_the_plan_for_changes_is_what_it_was_before_there_were_targets() -> None:
    """Found by the search as it was at commit cf5eb26, on a load that doubles half-way."""
    number = np.arange(300, dtype=np.float64)
    arrival_s: FloatArray = np.where(number < 150, number * 0.4, 60 + (number - 150) * 0.2)
    service_s: FloatArray = 1.0 + (number % 7) * 0.2
    small = {"environment.max_steps": 16, "farm.max_workers": 12, "farm.initial_workers": 4}
    deadline_s: FloatArray = 2 * service_s
    batch = TaskBatch(arrival_s, service_s, deadline_s, seed=3)
    actions, _ = hindsight(with_overrides(CONFIG, small), batch, 1.5, beam_width=32, seed=1)
    assert actions.tolist() == [1, 2, 2, 1, 2, 2, 1, 1, 1, 1, 1, 0]


TARGETS = with_overrides(CONFIG, {"environment.action": "target"})


def test_a_constant_is_there_at_once_where_actions_are_targets() -> None:
    played = play_static(TARGETS, WORKLOAD.draw(3), MEAN_S, np.array([4, 20]))
    rows = zip(played.workers, played.steps, strict=True)
    assert [set(row[:steps].tolist()) for row, steps in rows] == [{4}, {20}]
    assert played.total_reward.tolist() == [returned([count - 1] * 30, 3, TARGETS) for count in (4, 20)]


@pytest.mark.parametrize("seed", [5, 6])
def test_hindsight_of_targets_is_no_worse_than_that_of_changes(seed: int) -> None:
    batch = WORKLOAD.draw(seed)
    actions, total = hindsight(TARGETS, batch, MEAN_S)
    assert total == returned(actions.tolist(), seed, TARGETS)
    assert total >= hindsight(CONFIG, batch, MEAN_S)[1]
    assert total >= play_static(TARGETS, batch, MEAN_S, np.arange(1, 33)).total_reward.max()


def test_room_is_made_for_more_workers_whose_startup_is_constant() -> None:
    """More than a block of them, so the start-up times of all farms are drawn anew."""
    values = {"farm.startup": {"kind": "constant", "value_s": 3.0}, "environment.action": "target"}
    config = with_overrides(CONFIG, values)
    actions = np.tile(np.array([0, 31] * 15), (2, 1))
    played = play_sequences(config, WORKLOAD.draw(3), MEAN_S, actions)
    assert played.total_reward.tolist() == [returned(row.tolist(), 3, config) for row in actions]
