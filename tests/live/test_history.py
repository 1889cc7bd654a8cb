"""The history checker finds whatever is wrong with a history, and nothing in a good one."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from live.history import Event, parse, verify

GOOD = ("enqueued", "claimed", "finished", "collected")


def events(*kinds: str, task: int = 0) -> list[Event]:
    return [Event(1_000_000 * (i + 1), kind, str(task), "w", i) for i, kind in enumerate(kinds)]


def fate(*kinds: str, complete: bool = True) -> str:
    verdict = verify(events(*kinds), 1, complete=complete)
    names = ("ok", "recovered", "dead", "lost", "duplicated", "pending")
    (found,) = [name for name in names for _ in range(getattr(verdict, name))]
    return found


def test_fates() -> None:
    assert fate(*GOOD) == "ok"
    assert fate("enqueued", "claimed", "expired", "claimed", "finished", "collected") == "recovered"
    assert fate("enqueued", "claimed", "failed", "claimed", "failed", "dead", "collected") == "dead"
    assert fate("enqueued", "claimed") == "lost"
    assert fate() == "lost"
    assert fate("enqueued", "claimed", complete=False) == "pending"
    assert fate("enqueued", "claimed", "finished", "collected", "collected") == "duplicated"
    assert fate("enqueued", "claimed", "finished", "claimed", "finished", "collected") == "duplicated"
    assert fate("enqueued", "enqueued", "claimed", "finished", "collected") == "duplicated"
    assert fate("enqueued", "claimed", "collected") == "lost"
    assert fate("claimed", "finished", "collected") == "lost"


def test_a_task_without_a_result_is_pending_only_where_it_was_seen() -> None:
    looked = Event(9_000_000, "looked", "-", "-", 0)
    assert verify([*events("enqueued", "claimed"), looked], 1, complete=False).lost == 1
    assert verify([*events("enqueued", "claimed", "present"), looked], 1, complete=False).pending == 1
    assert verify([looked], 1, complete=False).pending == 1
    assert verify([*events(*GOOD), looked], 1, complete=False).ok == 1


def test_a_task_nobody_enqueued_is_unexpected() -> None:
    verdict = verify(events(*GOOD) + events(*GOOD, task=7), 1)
    assert (verdict.ok, verdict.unexpected, verdict.passed) == (1, 1, False)
    assert "task 7 was never part of the episode" in verdict.problems[0]


def test_recovery_is_from_the_claim_that_came_to_nothing_to_the_result() -> None:
    verdict = verify(events("enqueued", "claimed", "expired", "claimed", "finished", "collected"), 1)
    assert verdict.recovery_s == (3.0,)


def test_late_results_are_counted_and_are_no_problem() -> None:
    verdict = verify(events("enqueued", "claimed", "expired", "claimed", "finished", "fenced", "collected"), 1)
    assert (verdict.fenced, verdict.passed) == (1, True)


def test_lines_are_read() -> None:
    assert list(parse(["17 claimed 3 worker-1 5"])) == [Event(17, "claimed", "3", "worker-1", 5)]


@given(st.integers(1, 30), st.integers(0, 2**32), st.data())
def test_dropping_or_doubling_an_event_of_a_good_history_is_found(count: int, seed: int, data: st.DataObject) -> None:
    history = [event for task in range(count) for event in events(*GOOD, task=task)]
    random.Random(seed).shuffle(history)  # noqa: S311 - the checker needs no order between tasks
    history.sort(key=lambda event: event.token)
    assert verify(history, count).ok == count
    index = data.draw(st.integers(0, len(history) - 1))
    assert not verify(history[:index] + history[index + 1 :], count).passed
    doubled = verify([*history, history[index]], count)
    assert doubled.ok == count - 1
    assert doubled.passed == (history[index].kind == "claimed")
