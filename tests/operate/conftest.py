"""What all tests of ``operate`` share: servers that take long to start, once for a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operate.brokers import RunningRabbit
from tests.operate.certificates import Certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def rabbit(certificate: Certificate) -> Iterator[RunningRabbit]:
    running = RunningRabbit(certificate=certificate)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _revived(request: pytest.FixtureRequest) -> None:
    """Let no test find a server dead because another failed."""
    if "rabbit" in request.fixturenames:
        request.getfixturevalue("rabbit").revive()
