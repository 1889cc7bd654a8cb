"""The server: few paths, read only, and nothing that grows."""

from __future__ import annotations

import socket
import struct
import threading
import time

import pytest

from autoscaling_env.errors import InputError
from operate.config import PageConfig
from operate.page import PageServer
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


def test_whoever_hangs_up_leaves_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    reset = struct.pack("ii", 1, 0)  # closing sends a reset at once
    with served(HOUR) as page:
        port = int(page.url.rpartition(":")[2])
        for _ in range(20):
            rude = socket.create_connection(("127.0.0.1", port))
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            rude.sendall(b"GET /state.json HTTP/1.0\r\n")
            rude.close()
        assert ask(page, "/healthz").status == 200
    time.sleep(0.2)
    assert capfd.readouterr().err == ""
