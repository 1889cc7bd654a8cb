"""A server whose watcher may read and do nothing else, so that a source that wrote anything would be refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.live.servers import RunningServer, require_server
from tests.operate.sources.benches import WATCHER
from tests.operate.sources.prometheis import Exporter, RunningPrometheus
from tests.waiting import until


@pytest.fixture(scope="session")
def watched_server() -> Iterator[RunningServer]:
    require_server()
    running = RunningServer(*WATCHER)
    yield running
    running.stop()


@pytest.fixture
def admin(watched_server: RunningServer) -> Iterator[redis.Redis]:
    """Whoever owns the queue; it is empty at first."""
    with redis.Redis.from_url(watched_server.url) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def exporter() -> Iterator[Exporter]:
    running = Exporter()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def prometheus(exporter: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPrometheus]:
    running = RunningPrometheus(tmp_path_factory.mktemp("prometheus"), exporter)
    until(running.scraped, "nothing was scraped", every_s=0.1)
    yield running
    running.kill()
