"""Model files as policies."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.learned import describe, load_policy
from agents.training import train
from autoscaling_env.errors import ModelError
from autoscaling_env.policy import Policy
from autoscaling_env.run_folder import RunFolder
from tests.agents.farms import make_env, seen, small_config


@pytest.fixture(scope="module")
def dqn_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), "dqn", datetime(2026, 1, 1, tzinfo=UTC))
    return train("dqn", small_config("agents.dqn.episodes=4"), env_factory=make_env, seed=0, folder=folder).model


def test_a_model_is_a_policy_with_a_description(dqn_model: Path) -> None:
    policy = load_policy(dqn_model)
    assert isinstance(policy, Policy)
    assert (policy.agent, policy.episodes) == ("dqn", 4)
    assert describe(dqn_model)["action_deltas"] == [-1, 0, 1]


def test_a_model_refuses_an_environment_with_other_actions(dqn_model: Path) -> None:
    with pytest.raises(ModelError, match=r"trained with action_deltas \[-1, 0, 1\], not \[-2, 0, 2\]"):
        load_policy(dqn_model).act(seen(2), {"action_deltas": (-2, 0, 2)})


def test_a_trained_network_runs_without_torch(dqn_model: Path) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np\n"
        "from agents.learned import load_policy\n"
        f"policy = load_policy({str(dqn_model)!r})\n"
        "print(policy.act(np.ones(9, np.float32), {'action_deltas': (-1, 0, 1)}))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(result.stdout) in {0, 1, 2}


def test_importing_training_brings_in_no_torch() -> None:
    script = "import sys, agents.training, agents.learned, agents.sarsa; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_a_dump_of_a_bad_batch_is_no_model(tmp_path: Path, dqn_model: Path) -> None:
    from agents.checkpoint import Checkpoint, read_checkpoint, write_checkpoint

    model = read_checkpoint(dqn_model)
    model.header.state["diagnostics"] = "loss"
    write_checkpoint(tmp_path / "dump.safetensors", Checkpoint(model.header, model.tensors))
    with pytest.raises(ModelError, match="not a model"):
        load_policy(tmp_path / "dump.safetensors")
