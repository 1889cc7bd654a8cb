"""An answer in time, whatever happens at the other end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from autoscaling_env.errors import BackendError
from operate.source import Source
from operate.sources.prometheus.queries import Prometheus, PrometheusSettings, QueriesConfig
from operate.sources.promptly import MOST_HANGING, Promptly
from operate.sources.redis.list import RedisList, RedisListSettings


def test_it_returns_what_came_and_raises_what_was_raised() -> None:
    promptly = Promptly("there", lambda: None)
    assert promptly(lambda: 7) == 7

    def wrong() -> None:
        raise BackendError("no")

    with pytest.raises(BackendError, match=r"^no$"):
        promptly(wrong)


def test_what_hangs_is_given_up_and_the_next_question_is_asked() -> None:
    hung_up: list[bool] = []
    promptly = Promptly("there", lambda: hung_up.append(True), within_s=0.1)
    gate = threading.Event()
    for _ in range(MOST_HANGING):
        with pytest.raises(BackendError, match=r"^there: no answer within 0\.1 s"):
            promptly(gate.wait)
        if len(hung_up) < MOST_HANGING:
            assert promptly(lambda: 1) == 1
    with pytest.raises(BackendError, match="questions still hang"):
        promptly(lambda: 1)
    gate.set()
    time.sleep(0.05)
    assert promptly(lambda: 1) == 1
    assert len(hung_up) == MOST_HANGING


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that sends one byte after the other, each well within what a socket waits for."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=drip, args=(client,), daemon=True).start()

    def drip(client: socket.socket) -> None:
        with suppress(OSError), client:
            while True:
                client.sendall(b"1")
                time.sleep(0.3)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def redis_list(port: int) -> Source:
    return RedisList(RedisListSettings(url=f"redis://127.0.0.1:{port}/0", key="jobs"))


def prometheus(port: int) -> Source:
    queries = QueriesConfig(backlog="up")
    return Prometheus(PrometheusSettings(url=f"http://127.0.0.1:{port}", queries=queries))


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port that takes no connection and refuses none, as behind a firewall that drops packets."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for each in waiting:
            each.close()


@pytest.mark.parametrize("open_at", [redis_list, prometheus])
def test_a_server_that_lets_nobody_connect_is_given_up(deaf: int, open_at: Callable[[int], Source]) -> None:
    source = open_at(deaf)
    began = time.monotonic()
    with pytest.raises(BackendError, match="stalled or the network is slow"):
        source.read()
    assert time.monotonic() - began < 4
    source.close()


@pytest.mark.parametrize("open_at", [redis_list, prometheus])
def test_a_server_that_answers_a_byte_at_a_time_is_given_up(dripping: int, open_at: Callable[[int], Source]) -> None:
    source = open_at(dripping)
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(BackendError) as caught:
            source.read()
        assert time.monotonic() - began < 4
        assert len(str(caught.value).splitlines()) == 1
    source.close()
