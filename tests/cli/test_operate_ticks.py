"""A controller's ticks as the terminal shows them."""

from __future__ import annotations

import io
from typing import Any

import pytest
import rich.console

from cli import operate_ticks
from cli.operate_ticks import HEADINGS, Console, decision, row
from operate.record import Bend, Record


def tick(**changes: Any) -> Record:
    given: dict[str, Any] = {
        "at": "2026-11-29T12:00:08.250+00:00",
        "operator": "me",
        "tick": 1,
        "time_s": 8.0,
        "requested": 7,
        "ready": 6,
        "wanted": 7,
        "seen": {"backlog": 1234.0, "oldest_s": 93.1},
        "because": "planner: holding 7 workers promises most",
    }
    return Record(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "stays at 7"),
        ({"wanted": 9}, "would be 9"),
        ({"wanted": 9, "written": 9}, "7 -> 9"),
        ({"wanted": 9, "acting": True}, "would be 9"),
        ({"wanted": 9, "acting": True, "written": 9, "outcome": "rejected 403: forbidden"}, "9 refused"),
    ],
)
def test_what_is_done_and_what_would_be_are_told_apart(changes: dict[str, Any], said: str) -> None:
    assert decision(tick(**changes)) == said


def test_numbers_stand_under_their_headings() -> None:
    facts, why = row(tick())
    assert facts.split("  ")[0] == "12:00:08"
    for heading, value in (("waiting", "1,234"), ("oldest", "93 s"), ("ready", "6/7")):
        end = HEADINGS.index(heading) + len(heading)
        assert facts[:end].endswith(value)
    assert HEADINGS.index("why") == len(facts) + 2
    assert why == "planner: holding 7 workers promises most"


def test_a_guardrail_that_bent_the_count_is_named_first() -> None:
    _, why = row(tick(bends=(Bend("scale_in_cooldown", 3, 7, "the last scale-in was 4 s ago, 56 s to go"),)))
    assert why.startswith("scale_in_cooldown 3 -> 7: the last scale-in was 4 s ago, 56 s to go; planner: ")


def test_what_the_platform_refused_comes_first() -> None:
    _, why = row(tick(wanted=9, written=9, outcome="rejected 403: forbidden"))
    assert why.startswith("rejected 403: forbidden; planner: ")
    assert "ok" not in row(tick(wanted=9, written=9, outcome="ok"))[1]


def test_what_cannot_be_read_is_a_question_mark() -> None:
    facts, _ = row(tick(seen={}))
    assert facts.split()[1:3] == ["?", "?"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stale", "whole"), [("", False), ("the source cannot be read", True)])
def test_in_a_terminal_a_long_reason_ends_with_the_window_unless_nothing_could_be_read(
    monkeypatch: pytest.MonkeyPatch, stale: str, whole: bool
) -> None:
    shown = Terminal()
    monkeypatch.setattr(operate_ticks, "err", rich.console.Console(file=shown, width=100, force_terminal=True))
    Console(quiet=False).ticked(tick(because="because " * 30 + "last", stale=stale))
    assert ("last" in shown.getvalue()) == whole


def test_a_log_has_every_reason_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(operate_ticks, "err", rich.console.Console(file=log, width=80))
    Console(quiet=False).ticked(tick(because="because " * 30 + "last"))
    assert log.getvalue().splitlines()[-1].endswith("last")
