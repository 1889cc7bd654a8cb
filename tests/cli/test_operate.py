"""``autoscale operate``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from live.clients import command_client
from tests.live.servers import RunningServer, require_server


@pytest.fixture(scope="module")
def server():
    require_server()
    running = RunningServer()
    yield running
    running.stop()


@pytest.fixture
def configured(server):
    """What writes operate.yml, of a queue that is empty and workers that sleep."""

    def write(**changes):
        given = {
            "source": {"kind": "redis_list", "url": server.url, "key": "orders"},
            "target": {"kind": "processes", "command": [sys.executable, "-c", "import time; time.sleep(60)"]},
            "policy": "static-2",
            "objective": {"finish_within": 5, "share": 0.9},
            "bounds": {"min": 1, "max": 6},
            "guardrails": {"decide_within": 0.1, "stale_after": 5, "fallback": "static-1"},
            "interval": 0.2,
            "page": {"port": 0},
        }
        Path("operate.yml").write_text(json.dumps(given | changes))
        return "operate.yml"

    return write


@pytest.mark.live
def test_a_controller_runs_from_a_file_and_its_journal_is_read(autoscale, configured):
    ran = autoscale("operate", configured(), "--ticks", 3, "--set", "mode=act")
    assert ran.code == 0, ran.err
    assert "3 decisions, 1 of them written" in ran.out
    assert "page, metrics and health: http://127.0.0.1:" in ran.err
    read = autoscale("operate", "journal", "operate-state", "--json")
    assert read.code == 0, read.err
    assert [record["kind"] for record in read.json()["records"]][:2] == ["start", "tick"]
    table = autoscale("operate", "journal", "operate-state", "--parquet", "ticks.parquet")
    assert table.code == 0, table.err
    assert Path("ticks.parquet").read_bytes().startswith(b"PAR1")


@pytest.mark.live
def test_as_json_nothing_else_is_printed(autoscale, configured):
    ran = autoscale("operate", "run", configured(), "--ticks", 2, "--json")
    assert ran.json() == {"ticks": 2, "writes": 0, "journal": "operate-state/journal"}
    assert ran.err == ""


@pytest.mark.live
def test_init_check_and_the_first_run_follow_each_other(autoscale, configured, server):
    with command_client(server.url) as client:
        client.lpush("orders", "1")
    made = autoscale("operate", "init", "--redis-url", server.url, "-o", "made.yml")
    assert made.code == 0, made.err
    assert "next: autoscale operate check made.yml" in made.out
    again = autoscale("operate", "init", "-o", "made.yml")
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "made.yml: is there already" in again.err
    checked = autoscale("operate", "check", configured(), "--json")
    assert checked.code == 0, checked.out
    assert all(finding["ok"] for finding in checked.json())
    assert autoscale("operate", "check", configured(policy="external")).code == 1


@pytest.mark.live
def test_a_policy_that_cannot_decide_is_one_line(autoscale, configured):
    refused = autoscale("operate", configured(policy="hindsight"), "--ticks", 1)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "policy: hindsight cannot decide" in refused.err


def test_the_schema_knows_every_kind(autoscale):
    told = autoscale("operate", "schema")
    assert told.code == 0
    kinds = json.dumps(told.json())
    assert all(f'"{kind}"' in kinds for kind in ("redis_list", "redis_stream", "prometheus", "kubernetes", "processes"))


def test_the_schema_of_what_a_source_tells_in_json(autoscale):
    assert "in_flight" in autoscale("operate", "schema", "--reading").json()["properties"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("operate", "none.yml"), "none.yml: cannot be read"),
        (("operate", "run"), "name a CONFIG, or --demo"),
        (("operate", "run", "x.yml", "--demo"), "not both"),
        (("operate", "--demo", "--ticks", "3"), "--demo plays always the same"),
        (("operate", "journal", "nowhere"), "nowhere"),
    ],
)
def test_what_is_wrong_is_one_line(autoscale, given, told):
    outcome = autoscale(*given)
    assert outcome.code == 2
    assert told in outcome.err
    assert outcome.err.count("\n") == 1


def test_all_problems_of_a_file_are_told_at_once(autoscale):
    Path("bad.yml").write_text("source: {kind: redis_list, ur: x}\ntarget: {kind: processs}\nbounds: {max: 0}\n")
    outcome = autoscale("operate", "bad.yml")
    assert outcome.code == 2
    assert outcome.err.count("\n") >= 4
    assert "bad.yml:1: source.ur: unknown key (did you mean 'url'?)" in outcome.err
    assert "objective: is missing" in outcome.err


def test_help_says_how(autoscale):
    for command in ("run", "init", "check", "journal", "report", "schema"):
        told = autoscale("operate", command, "--help")
        assert told.code == 0
        assert "autoscale operate" in told.out


def test_what_is_neither_a_command_nor_a_file_is_told_with_the_nearest_command(autoscale):
    wrong = autoscale("operate", "jurnal")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
    assert "did you mean 'journal'" in wrong.err
    missing = autoscale("operate", "other.yml")
    assert missing.code == 2
    assert "other.yml: cannot be read" in missing.err


def test_commands_stand_in_the_order_in_which_they_are_needed(autoscale):
    shown = autoscale("operate", "--help").out
    places = [shown.index(f" {name} ") for name in ("init", "check", "run", "journal", "report")]
    assert places == sorted(places)
    assert "--demo" in shown
