"""A policy and a scenario of another package are found by being installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.distributions import completed_with, distribution, run_with

POLICY = """
class Always:
    def __init__(self, config): self.workers = config.farm.max_workers // 2
    def reset(self): pass
    def decide(self, observation, info): return self.workers
class Plain:
    def reset(self): pass
    def decide(self, observation, info): return 7
def broken(one, two): raise AssertionError
"""
SCENARIO = """
scenario: {title: Tiny, why: To test., train_seed: 31, test_seed: 32, place: 500}
environment: {max_steps: 5}
"""
ENTRY_POINTS = """
[autoscaling_env.policies]
half = theirs.policies:Always
seven = theirs.policies:Plain
broken = theirs.policies:broken
keda = theirs.policies:Plain
[autoscaling_env.scenarios]
theirs = theirs.scenarios
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {
        "theirs/__init__.py": "",
        "theirs/policies.py": POLICY,
        "theirs/scenarios/tiny.yml": SCENARIO,
        "theirs/scenarios/other.yaml": SCENARIO,
    }
    return distribution(tmp_path_factory.mktemp("site"), "theirs", files, ENTRY_POINTS)


def test_they_are_compared_by_name(installed: Path, tmp_path: Path) -> None:
    arguments = ("--agents", "half,seven,static-12", "--scenarios", "tiny", "--episodes", 1, "--direct", "--json")
    done = run_with(installed, "compare", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["meta"]["seed"] == 32
    assert {name: figures["max_workers"]["mean"] for name, figures in data["agents"].items()} == {
        "half": 16,
        "seven": 7,
        "static-12": 12,
    }


def test_they_are_evaluated_and_completed(installed: Path, tmp_path: Path) -> None:
    done = run_with(installed, "evaluate", "seven", "--scenario", "tiny", "--episodes", 1, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    offered = {
        "autoscale compare --agents ha": ["half"],
        "autoscale compare --scenarios reference,ti": ["reference,tiny"],
        "autoscale workload show --scenario ot": ["other"],
        "autoscale train sarsa --scenario ti": ["tiny"],
    }
    assert completed_with(installed, *offered, cwd=tmp_path) == list(offered.values())


def test_one_that_cannot_be_made_is_one_line(installed: Path, tmp_path: Path) -> None:
    done = run_with(installed, "evaluate", "broken", "--episodes", 1, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: broken: is called without arguments, or with the configuration")


def test_one_that_has_a_name_of_ours_is_never_taken_for_ours(installed: Path, tmp_path: Path) -> None:
    done = run_with(installed, "compare", "--agents", "keda", "--episodes", 1, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: policy keda: a package announces one by this name, which is taken")


def test_a_scenario_that_has_a_name_of_ours_is_one_line(tmp_path: Path) -> None:
    files = {"theirs/__init__.py": "", "theirs/scenarios/ramp.yml": SCENARIO}
    site = distribution(tmp_path / "site", "theirs", files, "[autoscaling_env.scenarios]\nmine = theirs.scenarios\n")
    done = run_with(site, "workload", "show", "--scenario", "ramp", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: entry point mine = theirs.scenarios of the group autoscaling_env.scenarios: ramp"
    )


@pytest.mark.parametrize(
    ("module", "problem"),
    [("empty.scenarios", "there is no *.yml"), ("empty.nothing", "No module named 'empty.nothing'")],
)
def test_a_folder_of_scenarios_that_holds_none_is_one_line(module: str, problem: str, tmp_path: Path) -> None:
    files = {"empty/__init__.py": "", "empty/scenarios/readme.txt": ""}
    site = distribution(tmp_path / "site", "empty", files, f"[autoscaling_env.scenarios]\nempty = {module}\n")
    done = run_with(site, "compare", "--agents", "keda", "--scenarios", "ramp", cwd=tmp_path)
    named = f"entry point empty = {module} of the group autoscaling_env.scenarios"
    assert (done.returncode, done.stderr.strip()) == (2, f"error: {named}: {problem}")
