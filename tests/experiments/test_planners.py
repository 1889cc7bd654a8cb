"""The planner by its name."""

from pathlib import Path

import pytest

from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.rng import episode_seeds
from autoscaling_env.rollout import play_episode
from experiments.policies import Setting, list_policies, make_policy
from workloads import make_workload
from workloads.scenarios import load_scenario, scenario_seeds


def rewards(config: Config, name: str, folder: Path, count: int) -> list[float]:
    train_seed, test_seed = scenario_seeds("flash_crowd")
    policy = make_policy(name, Setting(config, make_workload(config), train_seed, folder))
    env = OpenFaaSAutoscalingEnv(config=config, backend="compiled")
    seeds = episode_seeds(test_seed, count)
    return [
        play_episode(env, policy, agent=name, episode=place, episode_seed=seed).total_reward
        for place, seed in enumerate(seeds)
    ]


@pytest.mark.slow
def test_the_planner_is_ahead_of_the_best_constant_in_a_crowd(tmp_path: Path) -> None:
    config = load_scenario("flash_crowd")
    planned, constant = (rewards(config, name, tmp_path, 2) for name in ("planner", "static-best"))
    assert min(one - other for one, other in zip(planned, constant, strict=True)) > 15


def test_the_planner_decides_alike_again(tmp_path: Path) -> None:
    config = load_scenario("flash_crowd", assignments=("environment.max_steps=8",))
    assert rewards(config, "planner", tmp_path, 1) == rewards(config, "planner", tmp_path, 1)
    assert "planner" in list_policies()
