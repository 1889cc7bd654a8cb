"""What Kubernetes is told, with a clock that the test turns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.operate.page.records import records
from tests.operate.page.served import Time, ask, served, state

FIRST, SECOND = records(2)


def test_it_lives_while_the_loop_ticks() -> None:
    clock = Time()
    with served(clock=clock) as page:
        for record in (FIRST, SECOND):
            clock.sleep(8.0)
            page.publish(record)
            assert ask(page, "/healthz").status == 200
        clock.sleep(40.0)
        assert ask(page, "/healthz").text == "last tick, 40 s ago.\n"
        clock.sleep(0.5)
        hanging = ask(page, "/healthz")
        assert (hanging.status, hanging.text) == (503, "last tick, 40.5 s ago; at most 40 s are to pass.\n")
        assert state(page)["now"]["alive"] is False
        page.publish(SECOND)
        assert ask(page, "/healthz").status == 200


def test_a_loop_that_never_began_is_not_alive_for_ever() -> None:
    clock = Time()
    page = served(clock=clock)
    clock.sleep(500.0)  # what went before the start does not count
    with page:
        assert ask(page, "/healthz").status == 200
        clock.sleep(41.0)
        hanging = ask(page, "/healthz")
    assert hanging.status == 503
    assert hanging.text == "no tick since the start, 41 s ago; at most 40 s are to pass.\n"


def test_a_record_that_is_no_tick_is_no_sign_of_life() -> None:
    clock = Time()
    with served([FIRST], clock=clock) as page:
        clock.sleep(41.0)
        page.publish(replace(SECOND, kind="end"))
        assert ask(page, "/healthz").status == 503


def test_it_is_ready_once_a_tick_had_readings_to_rely_on() -> None:
    with served() as page:
        assert ask(page, "/readyz").status == 503
        assert "no tick was made yet" in ask(page, "/readyz").text
        page.publish(replace(FIRST, stale="redis://queue:6379/0 cannot be reached"))
        refused = ask(page, "/readyz")
        assert refused.status == 503
        assert "redis://queue:6379/0 cannot be reached" in refused.text
        page.publish(SECOND)
        assert ask(page, "/readyz").status == 200


def test_an_outage_later_does_not_take_the_page_out_of_service() -> None:
    with served([FIRST, replace(SECOND, stale="redis is away")]) as page:
        assert ask(page, "/readyz").status == 200
        assert state(page)["now"]["stale"] == "Redis is away."


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_with_head_get_the_same_status(path: str) -> None:
    with served() as page:
        for records_so_far in ([], [FIRST]):
            for record in records_so_far:
                page.publish(record)
            assert ask(page, path, "HEAD").status == ask(page, path).status
