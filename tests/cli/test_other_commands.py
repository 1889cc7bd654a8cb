"""``autoscale workload``, ``config``, ``--help`` and ``--version``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer.main

from autoscaling_env import __version__
from cli.main import app

LEAVES = [
    (*group, name)
    for group, commands in [((), typer.main.get_command(app).commands)]  # type: ignore[attr-defined]
    for name in commands
]


def test_version(autoscale) -> None:
    assert autoscale("--version").out.strip() == f"autoscale {__version__}"


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_every_command_explains_itself(autoscale, command: tuple[str, ...]) -> None:
    outcome = autoscale(*command, "--help")
    assert outcome.code == 0
    assert "Usage" in outcome.out


def test_workload_show(autoscale) -> None:
    data = autoscale("workload", "show", "--json").json()
    assert data["tasks"] == 1140
    assert autoscale("workload", "show").code == 0


def test_workload_plot(autoscale) -> None:
    assert autoscale("workload", "plot", "-o", "tasks.png", "--phase-shuffle").code == 0
    assert Path("tasks.png").read_bytes().startswith(b"\x89PNG")


def test_a_converted_workload_replays_to_the_same_tasks(autoscale) -> None:
    autoscale("workload", "convert", "-o", "tasks.csv", "--seed", 4)
    before = autoscale("workload", "show", "--seed", 4, "--json").json()
    after = autoscale("workload", "show", "--trace", "tasks.csv", "--as-recorded", "--json").json()
    assert after["tasks"] == before["tasks"]
    assert after["service_s"] == before["service_s"]


def test_config_show_check_schema(autoscale) -> None:
    shown = autoscale("config", "show", "--set", "farm.max_workers=16").out
    Path("mine.yml").write_text(shown)
    assert autoscale("config", "check", "mine.yml").out.strip() == "mine.yml: ok"
    assert json.loads(autoscale("config", "show", "--config", "mine.yml", "--json").out)["farm"]["max_workers"] == 16
    assert json.loads(autoscale("config", "schema").out)["title"] == "Config"


def test_config_check_looks_at_a_scenario_as_one(autoscale) -> None:
    head = "scenario: {title: Mine, why: To try., train_seed: 1, test_seed: 2}\n"
    Path("mine.yml").write_text(head + "environment: {max_steps: 5}\n")
    assert autoscale("config", "check", "mine.yml").out.strip() == "mine.yml: ok"
    Path("mine.yml").write_text(head + "history: {farm: {max_workers: 4}}\n")
    outcome = autoscale("config", "check", "mine.yml")
    assert (outcome.code, outcome.err.partition(";")[0]) == (2, "error: mine.yml:2: history.farm: unknown key")
