"""The planner distilled, from the command's door: taught by the real planner."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agents.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from agents.learned import export_policy, load_policy
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import ModelError
from autoscaling_env.policy import Policy
from autoscaling_env.rng import episode_seeds
from autoscaling_env.rollout import play_episode
from experiments import Setup, compare, resume, train
from experiments.policies import Setting, list_policies, make_policy
from tests.places import ROOT
from workloads import make_workload
from workloads.scenarios import load_scenario, scenario_seeds

SMALL = {
    "environment.max_steps": 6,
    "agents.distilled.episodes": 4,
    "agents.distilled.round_episodes": 2,
    "agents.distilled.updates": 50,
    "agents.training.eval_episodes": 2,
}
QUICK = Setup("flash_crowd", settings=SMALL)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train("distilled", QUICK, output_dir=tmp_path_factory.mktemp("runs")).result.model


def decisions(policy: Policy) -> list[int]:
    """Return what a policy wants in an episode."""
    config = load_scenario("flash_crowd", assignments=("environment.max_steps=20",))
    wanted: list[int] = []
    play_episode(
        OpenFaaSAutoscalingEnv(config=config, backend="compiled"),
        policy,
        agent="",
        episode=0,
        episode_seed=3,
        on_step=lambda _, reward, info: wanted.append(info["requested_workers"]),
    )
    return wanted


def test_the_planner_is_imitated_and_the_model_is_a_policy_as_any(model: Path, tmp_path: Path) -> None:
    assert "distilled" in list_policies()
    policy = load_policy(model)
    assert policy.agent == "distilled"
    rewards = json.loads((model.parents[1] / "evaluation_metrics.json").read_text())["checkpoints"]
    assert [row["episode"] for row in rewards] == [0, 2, 4]
    found = compare([str(model), "static-12"], QUICK, episodes=1, output_dir=tmp_path)
    assert [name for _, name in found.table().index] == ["distilled", "static-12"]


def test_a_policy_alone_decides_the_same_and_needs_neither_torch_nor_twin(model: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.safetensors"
    export_policy(model, alone)
    assert alone.stat().st_size < model.stat().st_size
    assert decisions(load_policy(alone)) == decisions(load_policy(model))
    script = (
        "import sys; sys.modules['torch'] = sys.modules['numba'] = None\n"
        "from autoscaling_env.env import OpenFaaSAutoscalingEnv\n"
        "from agents.learned import load_policy\n"
        "observation, info = OpenFaaSAutoscalingEnv(backend='simpy').reset(seed=0)\n"
        f"print(load_policy({str(alone)!r}).decide(observation, info))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(run.stdout) in {11, 12, 13}


def test_a_model_that_lacks_something_is_named_in_one_line(model: Path, tmp_path: Path) -> None:
    whole, other = read_checkpoint(model), tmp_path / "other.safetensors"
    tensors = {name: array for name, array in whole.tensors.items() if name != "student.weights"}
    write_checkpoint(other, Checkpoint(whole.header, tensors))
    with pytest.raises(ModelError, match=r"lacks the array 'student.weights'; train the model again"):
        load_policy(other)
    write_checkpoint(other, Checkpoint(whole.header, whole.tensors | {"student.weights": np.zeros(3, np.float32)}))
    with pytest.raises(ModelError, match=r"other\.safetensors: .*3 weights.*train the model again"):
        load_policy(other)
    other.write_text("nonsense")
    with pytest.raises(ModelError, match="not a model file"):
        load_policy(other)


@pytest.mark.slow
def test_several_processes_come_to_the_same_bytes_and_so_does_going_on(model: Path, tmp_path: Path) -> None:
    side = train("distilled", QUICK, output_dir=tmp_path, jobs=2).result
    assert side.model.read_bytes() == model.read_bytes()
    half = Setup("flash_crowd", settings={**SMALL, "agents.distilled.episodes": 2})
    begun = train("distilled", half, output_dir=tmp_path / "half").result
    assert resume(begun.folder, episodes=4, jobs=2).result.model.read_bytes() == model.read_bytes()


@pytest.mark.slow
def test_a_small_training_beats_the_rules_in_a_crowd(tmp_path: Path) -> None:
    """The planner is 28 ahead of the best constant, and 600 ahead of what reacts."""
    settings = {"agents.distilled.episodes": 8, "agents.distilled.round_episodes": 4}
    distilled = load_policy(
        train("distilled", Setup("flash_crowd", settings=settings), output_dir=tmp_path).result.model
    )
    config, (train_seed, test_seed) = load_scenario("flash_crowd"), scenario_seeds("flash_crowd")
    setting = Setting(config, make_workload(config), train_seed, tmp_path)
    rules = [make_policy(name, setting) for name in ("static-best", "average", "kpa", "keda")]
    env = OpenFaaSAutoscalingEnv(config=config, backend="compiled")
    earned, *others = (
        np.mean([play_episode(env, policy, agent="", episode=0, episode_seed=seed).total_reward for seed in seeds])
        for policy in (distilled, *rules)
        for seeds in [episode_seeds(test_seed, 3)]
    )
    assert earned > max(others) + 15
