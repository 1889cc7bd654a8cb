"""``autoscale operate journal`` and ``report`` as they are put into the application, and ``autoscale replay``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import typer

from cli import main, operate_journal, operate_report
from tests.experiments.operations.recorder import World, play_world, write_journal

WORLD = World(steps=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("state")
    return write_journal(play_world(WORLD, "keda", place), place)


@pytest.fixture
def operate(autoscale, monkeypatch: pytest.MonkeyPatch):
    app = typer.Typer()
    app.command("journal")(operate_journal.journal)
    app.command("report")(operate_report.report)
    monkeypatch.setattr(main, "app", app)
    return autoscale


def test_a_journal_is_shown(operate, folder: Path) -> None:
    outcome = operate("journal", folder, "--last", 2)
    assert outcome.code == 0, outcome.err
    for word in ("the last records", "written", "keda"):
        assert word in outcome.out


def test_a_journal_is_filtered_and_becomes_a_table(operate, folder: Path) -> None:
    outcome = operate("journal", folder, "--where", "written", "--parquet", "ticks.parquet", "--json", "--last", 1)
    assert outcome.err == ""
    assert outcome.json()["counts"]["ticks"] == 300
    assert outcome.json()["files"]["table"] == "ticks.parquet"
    assert len(pd.read_parquet("ticks.parquet")) == 300


def test_what_is_wrong_with_a_journal_is_one_line(operate, folder: Path) -> None:
    for given, said in (
        (("journal", folder, "--where", "rotten"), "unknown filter"),
        (("journal", folder, "--since", "yesterday"), "--since yesterday"),
        (("journal", folder, "--since", "1h", "--until", "2h"), "must be before"),
        (("journal", "nowhere"), "no journal"),
        (("report", folder, "--limit", "sharp=3"), "unknown limit"),
        (("report", folder, "--limit", "share=x"), "--limit share=x"),
        (("report", folder, "--agents", "nobody"), "unknown agent"),
    ):
        outcome = operate(*given)
        assert outcome.code == 2
        assert said in outcome.err
        assert "Traceback" not in outcome.err


def test_a_report_is_shown_and_written(operate, folder: Path) -> None:
    outcome = operate("report", folder, "--agents", "static-9", "--limit", "backlog=0.9", "-o", "page.html")
    assert outcome.code == 0, outcome.err
    places = [outcome.out.index(word) for word in ("what happened", "how well the twin", "under other policies")]
    assert places == sorted(places)
    assert Path("page.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_report_that_nobody_should_believe_says_so_and_fails(operate, folder: Path) -> None:
    outcome = operate("report", folder, "--agents", "static-9", "--limit", "work=0", "--json")
    assert outcome.code == 1
    assert outcome.json()["trusted"] is False
    assert outcome.json()["policies"] == {}
    assert "nothing is said of other policies" in outcome.err


def test_a_journal_is_replayed(autoscale, folder: Path) -> None:
    outcome = autoscale("replay", folder, "--json")
    assert outcome.code == 0, outcome.err
    assert list(outcome.json()["agents"]) == ["keda"]


def test_a_history_of_a_journal_says_how_it_is_made(autoscale, folder: Path) -> None:
    refused = autoscale("history", folder)
    assert refused.code == 2
    assert f"autoscale replay {folder}" in refused.err
