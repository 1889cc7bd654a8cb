"""What all tests of ``operate`` share: servers that take long to start, once for a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operate.brokers import RunningRabbit


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RunningRabbit]:
    running = RunningRabbit()
    yield running
    running.stop()
