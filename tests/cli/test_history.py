"""``autoscale history``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

QUICK = ("--scenario", "flash_crowd", "--episodes", 6)


def test_a_history_is_shown_drawn_and_read_by_the_planner(autoscale) -> None:
    outcome = autoscale("history", *QUICK, "--out", "mine.npz", "--picture", "fan.png")
    assert outcome.code == 0, outcome.err
    for word in ("persistence", "profile", "analogs", "mixture", "held back", "mine.npz", "fan.png"):
        assert word in outcome.out
    assert Path("fan.png").read_bytes().startswith(b"\x89PNG")
    played = autoscale(
        "compare",
        "--agents",
        "planner:mine.npz",
        "--scenario",
        "flash_crowd",
        "--max-steps",
        2,
        "--episodes",
        1,
        "--json",
    )
    assert played.code == 0, played.err
    assert list(played.json()["agents"]) == ["planner-mine"]


def test_as_json_nothing_else_is_printed(autoscale) -> None:
    outcome = autoscale("history", *QUICK, "--json")
    assert outcome.json()["files"] == {"history": "history.npz", "picture": "history.png"}
    assert outcome.err == ""


def test_a_run_and_a_trace_are_sources(autoscale) -> None:
    run = autoscale("compare", "--agents", "static-4", "--episodes", 2, "--json").json()["files"]["records"]
    assert autoscale("workload", "convert", "-o", "tasks.csv", "--seed", 9).code == 0
    found = autoscale("history", run, "tasks.csv", "--json").json()["history"]
    assert found["episodes"] == 3
    assert found["tasks"] == found["tasks_with_work"]


def test_what_is_wrong_is_one_line(autoscale) -> None:
    for given in (
        ("nowhere.csv",),
        ("--held-back", 2),
        (*QUICK, "--horizon", 1e6),
        (*QUICK, "-o", "/x/.npz/"),
        ("-o", "a.csv"),
    ):
        outcome = autoscale("history", *given)
        assert (outcome.code, len(outcome.err.splitlines())) == (2, 1), outcome.err
    assert list(Path().iterdir()) == []


def test_without_statsforecast_the_extra_is_named(autoscale, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("statsforecast", "statsforecast.models"):
        monkeypatch.setitem(sys.modules, module, None)
    outcome = autoscale("history", *QUICK, "--statsforecast")
    assert outcome.code == 2
    assert "openfaas-autoscaling[forecast]" in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert list(Path().iterdir()) == []


def test_statsforecast_is_scored_beside_the_others(autoscale) -> None:
    pytest.importorskip("statsforecast")
    found = autoscale("history", *QUICK, "--statsforecast", "--json").json()["forecasters"]
    assert found["statsforecast"]["of_persistence"] < 1
    assert found["statsforecast"]["weight"] is None
