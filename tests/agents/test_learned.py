"""Model files as policies."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from agents.learned import export_policy, load_policy
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


def test_a_model_is_a_policy_and_says_what_its_actions_are(dqn_model: Path) -> None:
    policy = load_policy(dqn_model)
    assert isinstance(policy, Policy)
    assert (policy.agent, policy.episodes) == ("dqn", 4)
    assert read_checkpoint(dqn_model).header.action_deltas == [-1, 0, 1]


def test_a_model_refuses_an_environment_with_other_actions(dqn_model: Path) -> None:
    with pytest.raises(ModelError, match=r"trained with action_deltas \[-1, 0, 1\], not \[-2, 0, 2\]"):
        load_policy(dqn_model).decide(seen(2), farm((-2, 0, 2)))


def farm(deltas: tuple[int, ...], bounds: tuple[int, int] = (1, 5)) -> dict[str, Any]:
    """Return what a model looks at of ``info``."""
    return {
        "action_deltas": deltas,
        "min_workers": bounds[0],
        "max_workers": bounds[1],
        "requested_workers": 2,
    }


def test_a_model_of_changes_plays_where_actions_are_targets(dqn_model: Path) -> None:
    policy = load_policy(dqn_model)
    by_changes = policy.decide(seen(2, worker_queue=9), farm((-1, 0, 1)))
    assert policy.decide(seen(2, worker_queue=9), farm(())) == by_changes
    assert by_changes in {1, 2, 3}


def test_a_model_of_targets_plays_only_within_its_bounds(tmp_path: Path) -> None:
    config = small_config("agents.sarsa.episodes=3", "environment.action=target")
    folder = RunFolder.create(tmp_path, "sarsa", datetime(2026, 1, 1, tzinfo=UTC))
    policy = load_policy(train("sarsa", config, env_factory=make_env, seed=0, folder=folder).model)
    assert 1 <= policy.decide(seen(2), farm(())) <= 5
    for info, theirs in ((farm((), (1, 9)), "targets from 1 to 9"), (farm((-1, 0, 1)), r"action_deltas \[-1, 0, 1\]")):
        with pytest.raises(ModelError, match=f"trained with targets from 1 to 5, not {theirs}"):
            policy.decide(seen(2), info)


def test_a_trained_network_runs_without_torch(dqn_model: Path) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np\n"
        "from agents.learned import export_policy, load_policy\n"
        f"policy = load_policy({str(dqn_model)!r})\n"
        f"print(policy.decide(np.ones(9, np.float32), {farm((-1, 0, 1))!r}))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(result.stdout) in {1, 2, 3}


def test_importing_training_brings_in_no_torch() -> None:
    script = "import sys, agents.training, agents.learned, agents.sarsa; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_a_dump_of_a_bad_batch_is_no_model(tmp_path: Path, dqn_model: Path) -> None:
    model = read_checkpoint(dqn_model)
    model.header.state["diagnostics"] = "loss"
    write_checkpoint(tmp_path / "dump.safetensors", Checkpoint(model.header, model.tensors))
    with pytest.raises(ModelError, match="not a model"):
        load_policy(tmp_path / "dump.safetensors")


def test_an_exported_policy_decides_the_same_and_is_small(dqn_model: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.safetensors"
    export_policy(dqn_model, small)
    whole, alone = load_policy(dqn_model), load_policy(small)
    observations = np.random.default_rng(0).uniform(0, 40, size=(50, 9)).astype(np.float32)
    info = farm((-1, 0, 1))
    assert [alone.decide(each, info) for each in observations] == [whole.decide(each, info) for each in observations]
    assert small.stat().st_size < dqn_model.stat().st_size
    export_policy(dqn_model, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == small.read_bytes()
