"""The planner by its name."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agents.planning.forecast import History
from agents.planning.past import Past
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError
from autoscaling_env.rng import episode_seeds
from autoscaling_env.rollout import play_episode
from experiments.comparing import compare
from experiments.planners import planner_of
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


def test_a_past_without_a_task_is_refused_in_one_line() -> None:
    config = load_scenario("flash_crowd")
    with pytest.raises(InputError, match="no task in 10 training episodes of flash_crowd"):
        planner_of(config, make_workload(config), Past(History(8.0, (np.array([0, 0]),))))


@pytest.mark.slow
def test_the_planner_is_ahead_of_the_best_constant_in_a_crowd(tmp_path: Path) -> None:
    config = load_scenario("flash_crowd")
    planned, constant = (rewards(config, name, tmp_path, 2) for name in ("planner", "static-best"))
    assert min(one - other for one, other in zip(planned, constant, strict=True)) > 15


def test_the_planner_decides_alike_again(tmp_path: Path) -> None:
    config = load_scenario("flash_crowd", assignments=("environment.max_steps=8",))
    assert rewards(config, "planner", tmp_path, 1) == rewards(config, "planner", tmp_path, 1)
    assert {"planner", "planner:FILE.npz"} <= set(list_policies())


def test_decisions_are_recorded_and_stand_in_the_report(tmp_path: Path) -> None:
    found = compare(["planner", "static-12"], "reference", episodes=1, output_dir=tmp_path)
    assert found.folder is not None
    lines = [json.loads(line) for line in (found.folder / "decisions.jsonl").read_text().splitlines()]
    steps = pd.read_parquet(found.folder / "steps.parquet").query("agent == 'planner'")
    assert [line["step"] for line in lines] == steps["step"].tolist()
    assert {line["agent"] for line in lines} == {"planner"}
    for line, requested in zip(lines, steps["requested_workers"] - steps["applied_delta"], strict=True):
        assert line["plans"][0]["wanted"][0] - line["plans"][0]["change"] == requested
    page = next(found.folder.glob("*.html")).read_text()
    assert lines[0]["because"].split(";")[0] in page
    silent = compare(["static-12"], "reference", episodes=1, output_dir=tmp_path / "silent").folder
    assert silent is not None
    assert not (silent / "decisions.jsonl").exists()
