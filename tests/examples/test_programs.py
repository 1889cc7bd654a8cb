"""The programs in ``examples`` do what they say, shortened."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

from tests.places import ROOT


def program(name: str) -> Any:
    """Import a program of ``examples``."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks its own module up
    spec.loader.exec_module(module)
    return module


def test_ppo_trains_and_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    found = program("ppo").main(["flash_crowd", "--steps", "4096", "--episodes", "1"])
    assert set(found.table().reset_index()["policy"]) == {"ppo", "static-best"}
    assert "4,096 steps  return" in capsys.readouterr().out


def test_an_update_makes_what_was_better_than_expected_more_probable() -> None:
    ppo = program("ppo")
    torch.manual_seed(0)
    agent, settings = ppo.Agent(9, 3, 8), ppo.Settings(minibatch_size=64)
    seen, actions = torch.randn(512, 9), torch.randint(3, (512,))
    with torch.no_grad():
        before, values = agent(seen)
    batch = {"seen": seen, "actions": actions, "logprobs": before.log_prob(actions), "values": values}
    batch |= {"advantages": torch.where(actions == 2, 1.0, -1.0), "returns": torch.ones(512)}
    ppo.update(agent, torch.optim.Adam(agent.parameters(), lr=3e-3), batch, settings, 0.0)
    with torch.no_grad():
        after, learned = agent(seen)
    assert after.probs[:, 2].mean() > before.probs[:, 2].mean() + 0.04
    assert (learned - 1).abs().mean() < (values - 1).abs().mean()
    ratio = (after.log_prob(actions) - before.log_prob(actions)).exp()
    assert ratio.max() < 1.5  # it did not go far


def test_advantages_are_those_of_their_definition() -> None:
    """Written out (Schulman et al. 2016, eq. 16): the decayed sum of the errors until the episode ends."""
    ppo = program("ppo")
    settings = ppo.Settings(num_envs=3, num_steps=7)
    rollout = ppo.Rollout(gymnasium.make_vec("OpenFaaSAutoscaling-v0", 3), settings, 0)
    rng = np.random.default_rng(1)
    values, rewards, over = rng.normal(size=(8, 3)), rng.normal(size=(7, 3)), rng.random((7, 3)) < 0.3
    played = {"values": values[:7], "rewards": rewards, "over": over}
    batch = {name: torch.as_tensor(each, dtype=torch.float32) for name, each in played.items()}
    found = rollout._advantages(batch, torch.as_tensor(values[7], dtype=torch.float32)).numpy()
    errors = rewards + settings.gamma * values[1:] * ~over - values[:-1]
    for step, row in np.ndindex(7, 3):
        wanted, decay = 0.0, 1.0
        for later in range(step, 7):
            wanted += decay * errors[later, row]
            decay *= settings.gamma * settings.gae_lambda
            if over[later, row]:
                break
        assert found[step, row] == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_what_stable_baselines3_learns_is_a_model_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ppo.safetensors"
    found = program("sb3_policy").main(["flash_crowd", str(file), "--steps", "2048", "--episodes", "1"])
    assert set(found.table().reset_index()["policy"]) == {"sb3-ppo", "static-best"}
    assert file.is_file()


def test_a_clone_of_a_policy_decides_mostly_as_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("minari")
    from experiments import compare, export_minari

    run = compare(["keda"], "flash_crowd", episodes=2, output_dir=tmp_path).folder
    assert run is not None
    (name,) = export_minari(run, output=tmp_path / "data", name="farm").files
    found = program("behaviour_cloning").main([str(tmp_path / "data"), name, "flash_crowd", "--episodes", "1"])
    assert set(found.table().reset_index()["policy"]) == {"clone", "static-best"}
    shares = [
        float(line.split("%")[0].split()[-1]) for line in capsys.readouterr().out.splitlines() if "agrees" in line
    ]
    assert shares[-1] > 80
