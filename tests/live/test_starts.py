"""Which request a worker that got ready belongs to, also where requests are taken back."""

from __future__ import annotations

from live.history import Event
from live.starts import WorkerStarts

ZERO_US, TIME_SCALE = 5_000_000, 0.5


def ready(*at_s: float) -> list[Event]:
    """Return what the history says of workers that got ready then, in episode seconds."""
    return [
        Event(at_us=int(ZERO_US + each * TIME_SCALE * 1e6), kind="ready", task="-", worker="w", token=0)
        for each in at_s
    ]


def pairs(starts: WorkerStarts, events: list[Event]) -> list[tuple[float, float]]:
    log = starts.log(events, ZERO_US, TIME_SCALE)
    return list(zip(log.asked_s.tolist(), log.ready_s.tolist(), strict=True))


def test_first_asked_for_is_first_ready() -> None:
    starts = WorkerStarts()
    starts.asked(8.0, before=2, accepted=4, starting=0)
    starts.asked(16.0, before=4, accepted=5, starting=0)
    assert pairs(starts, ready(-1.0, 14.0, 15.0, 23.0)) == [(8.0, 14.0), (8.0, 15.0), (16.0, 23.0)]
    assert pairs(starts, []) == []


def test_what_was_cancelled_is_not_waited_for() -> None:
    starts = WorkerStarts()
    starts.asked(8.0, before=2, accepted=4, starting=0)
    starts.asked(10.0, before=4, accepted=3, starting=2)
    starts.asked(16.0, before=3, accepted=4, starting=0)
    assert pairs(starts, ready(14.0, 22.0)) == [(8.0, 14.0), (16.0, 22.0)]


def test_one_that_was_ready_before_it_was_cancelled_leaves_the_others_theirs() -> None:
    starts = WorkerStarts()
    starts.asked(8.0, before=2, accepted=3, starting=0)
    starts.asked(14.2, before=3, accepted=2, starting=1)  # starting when it was looked at, ready when it was told to go
    starts.asked(24.0, before=2, accepted=4, starting=0)
    assert pairs(starts, ready(14.1, 30.0, 31.0)) == [(24.0, 30.0), (24.0, 31.0)]
