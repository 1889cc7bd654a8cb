"""The server: few paths, read only, and nothing that grows."""

from __future__ import annotations

import json
import math
import socket
import threading
import tracemalloc
from dataclasses import replace

import pytest

from autoscaling_env.errors import InputError
from operate.config import PageConfig
from operate.page import PageServer
from operate.page.state import COLUMNS, KEPT
from operate.record import Bend
from tests.operate.page.records import facts, records
from tests.operate.page.served import Time, ask, served, state

PATHS = ("/", "/state.json", "/metrics", "/healthz", "/readyz")
HOUR = list(records(60))


@pytest.mark.parametrize("path", PATHS)
def test_head_tells_what_get_would_without_the_body(path: str) -> None:
    with served(HOUR) as page:
        got, head = ask(page, path), ask(page, path, "HEAD")
    assert got.status == 200
    assert (head.status, head.text) == (200, "")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert head.headers["Cache-Control"] == "no-store"
    if path != "/metrics":  # there the process's own time goes on
        assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.text.encode()))


@pytest.mark.parametrize("path", ["/nothing", "/state.json/", "/../etc/passwd", "/metrics%00"])
def test_elsewhere_there_is_nothing(path: str) -> None:
    with served() as page:
        assert ask(page, path).status == 404


def test_a_query_does_not_change_the_path() -> None:
    with served() as page:
        assert ask(page, "/healthz?verbose").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(method: str) -> None:
    with served() as page:
        refused = ask(page, "/", method)
    assert refused.status == 405
    assert refused.headers["Allow"] == "GET, HEAD"


def test_a_port_in_use_is_one_clear_line() -> None:
    with served() as page:
        port = int(page.url.rpartition(":")[2])
        other = PageServer(PageConfig(port=port), facts(), Time())
        with pytest.raises(
            InputError, match=rf"page\.port {port}: cannot listen there: .*in use; choose another"
        ) as told:
            other.start()
    assert "\n" not in str(told.value)
    assert other.url == ""
    other.close()


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_an_address_that_is_not_ours_is_one_clear_line(host: str) -> None:
    with pytest.raises(InputError, match=rf"page\.host {host}, .*cannot listen there"):
        PageServer(PageConfig(host=host, port=0), facts(), Time()).start()


def test_every_interface_is_shown_as_an_address_that_a_browser_opens() -> None:
    with PageServer(PageConfig(host="0.0.0.0", port=0), facts(), Time()) as page:  # noqa: S104 - what is tested
        assert page.url.startswith("http://127.0.0.1:")
        assert ask(page, "/healthz").status == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_it_listens_on_ipv6_where_that_is_asked() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")
    with PageServer(PageConfig(host="::1", port=0), facts(), Time()) as page:
        assert page.url.startswith("http://[::1]:")
        assert ask(page, "/healthz").status == 200


def test_a_closed_server_frees_its_port_and_may_be_closed_again() -> None:
    page = served()
    page.start()
    port = int(page.url.rpartition(":")[2])
    page.close()
    page.close()
    with PageServer(PageConfig(port=port), facts(), Time()) as next_page:
        assert ask(next_page, "/healthz").status == 200


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
        for record in more * rounds:
            page.publish(record)
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


def test_many_may_ask_while_the_loop_publishes() -> None:
    failures: list[object] = []

    def poll() -> None:
        for _ in range(15):
            found = state(page)
            if len({len(column) for column in found["series"].values()}) != 1 or ask(page, "/metrics").status != 200:
                failures.append(found)

    with served(HOUR[:1]) as page:
        threads = [threading.Thread(target=poll) for _ in range(6)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for record in HOUR:
                page.publish(record)
        for thread in threads:
            thread.join()
    assert not failures


def test_whoever_connects_and_says_nothing_stops_nobody() -> None:
    with served(HOUR) as page:
        port = int(page.url.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        assert ask(page, "/healthz").status == 200
        for each in silent:
            each.close()
