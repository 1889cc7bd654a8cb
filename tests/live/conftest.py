"""Servers and farms for the live tests: one server for all, one farm name each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from live.clients import command_client
from live.control import Controller
from live.queues import Queues
from tests.live.farms import SharedFarms
from tests.live.servers import RunningServer, require_server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    require_server()
    running = RunningServer()
    yield running
    running.stop()


@pytest.fixture
def own_server() -> Iterator[RunningServer]:
    """A server that this test may break."""
    require_server()
    running = RunningServer()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def shared(server: RunningServer) -> Iterator[SharedFarms]:
    farms = SharedFarms(server.url)
    yield farms
    farms.close()


@pytest.fixture
def farm() -> str:
    return f"test-{next(_numbers)}"


@pytest.fixture
def queues(server: RunningServer, farm: str) -> Iterator[Queues]:
    with command_client(server.url) as client:
        yield Queues(client, farm, server.url)


@pytest.fixture
def controller(queues: Queues) -> Controller:
    return Controller(queues, owner="tester/1/a", lease_s=15.0, max_deliveries=3)
