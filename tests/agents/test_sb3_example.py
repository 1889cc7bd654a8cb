"""Agents of others: stable-baselines3 trains on the environment unmodified, and its policy is a policy of ours."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from autoscaling_env.policy import ActionPolicy, FromActions
from autoscaling_env.rollout import play_episode
from tests.agents.farms import make_env, small_config
from tests.places import ROOT

sb3 = pytest.importorskip("stable_baselines3")


def example() -> ModuleType:
    """Import ``examples/sb3_policy.py``."""
    path = ROOT / "examples" / "sb3_policy.py"
    spec = importlib.util.spec_from_file_location("sb3_policy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_environment_passes_sb3s_own_checker() -> None:
    from stable_baselines3.common.env_checker import check_env

    check_env(make_env(small_config()), skip_render_check=True)


def test_sb3s_dqn_learns_and_its_policy_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = make_env(small_config())
    model = sb3.DQN("MlpPolicy", env, seed=0, learning_starts=20, train_freq=1, batch_size=8, device="cpu")
    before = [parameter.detach().clone().numpy() for parameter in model.q_net.parameters()]
    model.learn(60)
    after = [parameter.detach().numpy() for parameter in model.q_net.parameters()]
    assert any((one != two).any() for one, two in zip(before, after, strict=True))

    model.save(tmp_path / "model.zip")
    monkeypatch.setenv("SB3_MODEL", str(tmp_path / "model.zip"))
    policy = example().make()
    assert isinstance(policy, ActionPolicy)
    result = play_episode(env, FromActions(policy), agent="sb3", episode=1, episode_seed=3)
    assert result.summary.steps <= 6
    assert np.isfinite(result.total_reward)
