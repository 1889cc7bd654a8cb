"""What the page polls: an hour in columns, the last decisions, and what it all means in words."""

from __future__ import annotations

import gc
import json
import math
import tracemalloc
from dataclasses import replace

import pytest

from operate.page.state import COLUMNS, KEPT
from operate.record import Bend
from tests.operate.page.records import records
from tests.operate.page.served import ask, served, state

HOUR = list(records(60))


def test_the_state_has_columns_of_one_length_and_no_whole_records() -> None:
    with served(HOUR) as page:
        found = state(page)
    assert list(found["series"]) == list(COLUMNS)
    assert {len(column) for column in found["series"].values()} == {len(HOUR)}
    assert found["series"]["requested"] == [record.requested for record in HOUR]
    assert found["forecast"] == dict(HOUR[-1].forecast or {})
    assert found["now"]["tick"] == 59
    assert found["now"]["word"] == "acting"
    assert "observation" not in json.dumps(found)


def test_before_the_first_tick_the_state_says_so() -> None:
    with served() as page:
        found = state(page)
    assert found["now"]["headline"] == "No tick was made yet."
    assert found["series"]["backlog"] == found["decisions"] == []


def test_only_an_hour_is_kept_and_an_answer_does_not_grow() -> None:
    page = served(records(3 * KEPT))
    with page:
        found, size = state(page), len(ask(page, "/state.json").text)
    assert found["series"]["time_s"] == [8.0 * tick for tick in range(2 * KEPT, 3 * KEPT)]
    assert len(found["decisions"]) == 80
    assert size < 70_000


def test_memory_is_flat() -> None:
    page, more = served(), list(records(500))
    tracemalloc.start()

    def taken_after(rounds: int) -> int:
        for _ in range(rounds):
            for record in more:
                page.publish(record)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    full = taken_after(2)
    grown = taken_after(10) - full
    tracemalloc.stop()
    assert grown < 10_000  # a row more a tick were 500 kB


def test_numbers_that_are_none_become_null() -> None:
    strange = replace(HOUR[0], seen={"backlog": math.nan, "arrived": math.inf}, burn=math.nan, share_met=None)
    with served([strange]) as page:
        found = state(page)
    assert found["series"]["backlog"] == found["series"]["arrived"] == [None]
    assert found["now"]["burn"] is None


def test_decisions_are_newest_first_with_what_bent_them() -> None:
    bend = Bend("bounds", 30, 24, "at most 24 workers are allowed")
    with served([*HOUR, replace(HOUR[0], at="2026-03-04T10:00:00Z", bends=(bend,), because="much comes")]) as page:
        first, second, *_ = state(page)["decisions"]
    assert first["at"] > second["at"]
    assert first["because"] == "Much comes."
    assert first["bends"] == [
        {"guardrail": "bounds", "before": 30, "after": 24, "because": "At most 24 workers are allowed."}
    ]
    assert first["notable"] is True


def test_what_changed_stays_listed_when_nothing_follows() -> None:
    calm = replace(HOUR[0], at="calm", wanted=7, requested=7, proposed=7, bends=(), written=None, decided_by="planner")
    told = {
        "wanted": replace(calm, wanted=9),
        "bent": replace(calm, bends=(Bend("bounds", 30, 7, "at most 7"),)),
        "helped": replace(calm, decided_by="hpa"),
        "touched": replace(calm, changed_by="somebody set 7, it was 8"),
        "remarked": replace(calm, remarks=("a counter was reset",)),
    }
    with served([calm, *(each for at, odd in told.items() for each in [replace(odd, at=at), *[calm] * 30])]) as page:
        decisions = state(page)["decisions"]
    notable = [each["at"] for each in decisions if each["notable"]]
    assert [at for at in notable if at != "calm"] == list(reversed(told))
    assert notable.count("calm") == 4  # the first, and where it was again as before
    assert len(decisions) == 20 + len(notable)


def test_in_shadow_the_same_wish_again_is_no_change() -> None:
    wish = replace(HOUR[0], mode="shadow", acting=False, requested=9, wanted=12, written=None, outcome="", bends=())
    with served([wish] * 5) as page:
        assert [each["notable"] for each in state(page)["decisions"]] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("changes", "word", "says"),
    [
        ({}, "acting", "asks the platform for the workers"),
        ({"mode": "shadow", "acting": False}, "shadow", "writes nothing"),
        ({"term": None, "acting": False}, "following", "does not lead"),
        ({"stale": "redis is away"}, "holding", "not to be relied on"),
        ({"acting": False, "because": "somebody set 9"}, "paused", "does not act now: somebody set 9."),
        ({"kind": "end"}, "ended", "has ended"),
    ],
)
def test_the_status_says_whether_it_acts_and_why_not(changes: dict[str, object], word: str, says: str) -> None:
    with served([replace(HOUR[0], **changes)]) as page:  # type: ignore[arg-type]
        now = state(page)["now"]
    assert now["word"] == word
    assert says in now["headline"]


@pytest.mark.parametrize(
    ("burn", "says"),
    [
        (None, "Nobody can tell yet"),
        (0.0, "No task was late in 10 min."),
        (0.4, "40 % of the late tasks that the promise allows (2 % in 10 min) are used up."),
        (3.25, "The promise is broken: 3.2 times as many tasks were late in 10 min as it allows (2 %)."),
    ],
)
def test_the_burn_is_told_in_words(burn: float | None, says: str) -> None:
    with served([replace(HOUR[0], burn=burn)]) as page:
        assert state(page)["now"]["burning"].startswith(says)
