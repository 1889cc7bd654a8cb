"""Workers that are there and do nothing are told of, once, and those that only take long are not."""

from __future__ import annotations

import pytest

from operate.reading import Reading
from operate.sight.estimator import Estimator, Sight
from operate.sight.standstill import Standstill


def looks(readings: list[Reading], ready: int = 2, *, service_s: float = 1.0) -> list[str]:
    """Return what is said at readings a second apart."""
    estimator, standstill = Estimator(service_s), Standstill(1.0, 0.5)
    sights: list[Sight] = [estimator.update(float(at_s), each, ready) for at_s, each in enumerate(readings)]
    return [said for each in sights for said in standstill.look(each, ready)]


def stuck(seconds: int, since: int = 0, completed: float = 7.0) -> list[Reading]:
    ticks = range(since, since + seconds)
    return [Reading(backlog=5.0 + n, in_flight=2.0, arrived_total=n, completed_total=completed) for n in ticks]


def test_it_is_said_once_that_nothing_is_finished_while_tasks_wait_and_workers_are_ready():
    (said,) = looks(stuck(30))
    assert "nothing was finished for 5 s, though 10 tasks wait and 2 workers are ready" in said


def test_it_is_said_again_after_tasks_were_finished_in_between():
    assert len(looks([*stuck(10), *stuck(20, 10, completed=12.0)])) == 2


@pytest.mark.parametrize(
    "readings",
    [
        stuck(5),
        [Reading(backlog=0.0, in_flight=2.0, arrived_total=0.0, completed_total=7.0)] * 30,
        [Reading(backlog=5.0, in_flight=2.0, arrived_total=n, completed_total=n) for n in range(30)],
        [Reading(backlog=5.0)] * 30,
    ],
    ids=["not long", "nothing waits", "tasks are finished", "nobody can know"],
)
def test_it_is_not_said(readings):
    assert looks(readings) == []


def test_it_is_not_said_where_no_worker_is_ready_or_tasks_may_take_as_long():
    assert looks(stuck(30), ready=0) == []
    assert looks(stuck(30), service_s=10.0) == []
