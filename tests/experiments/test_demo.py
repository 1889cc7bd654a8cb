"""The demo ends where looking ahead pays, and needs no torch for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import experiments
from experiments import Setup
from experiments.demonstration import PLANNED, SCENARIOS, trained_model


@pytest.mark.slow
def test_what_looks_ahead_costs_less_than_every_rule_and_the_best_constant(tmp_path: Path) -> None:
    found = experiments.demo(Setup(), episodes=4, output_dir=tmp_path)
    assert list(found.results) == list(SCENARIOS)
    returns = found.table()["total_reward"]
    for scenario in SCENARIOS:
        ahead = ["planner", "dqn"] if scenario in PLANNED else ["dqn"]
        best = returns[scenario].sort_values(ascending=False)
        assert best.index[: len(ahead)].tolist() == ahead
        assert set(best.index) == {"hpa", "keda", "kpa", "static-best", *ahead}
    assert found.folder is not None
    assert (found.folder / "report.html").is_file()
    assert all(results.meta["objective"] == "cost" for results in found.results.values())


def test_what_it_is_asked_for_has_effect(tmp_path: Path) -> None:
    short = Setup(settings={"reward.objective": "shaped", "environment.max_steps": 3}, seed=5)
    found = experiments.demo(short, episodes=1, output_dir=tmp_path)
    assert {results.meta["objective"] for results in found.results.values()} == {"shaped"}
    assert {results.meta["seed"] for results in found.results.values()} == {5}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_packaged_policy_is_small_and_runs_without_torch(scenario: str, tmp_path: Path) -> None:
    model = trained_model(scenario)
    assert model.stat().st_size < 60_000
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "import experiments\n"
        f"found = experiments.evaluate({str(model)!r}, {scenario!r}, episodes=1)\n"
        "print(found.table().index.tolist())"
    )
    environment = os.environ | {"PYTHONWARNINGS": "default"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, f"[({scenario!r}, 'dqn')]"), done.stderr
