"""Queues of RQ with real jobs and workers, read with an account that may not write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from operate.sources.rq.settings import RqSettings
from operate.sources.rq.source import KIND
from operate.testing.source import SourceContract
from tests.live.servers import RunningServer
from tests.operate.sources.benches import watched
from tests.operate.sources.rq.queues import RqBench

pytestmark = pytest.mark.live


def settings(server: RunningServer, **values: Any) -> RqSettings:
    return RqSettings(**({"url": watched(server.url), "queues": ["jobs"]} | values))


class TestContract(SourceContract):
    @pytest.fixture(params=["own", "forgetful", "shared"])
    def bench(
        self, watched_server: RunningServer, admin: redis.Redis, request: pytest.FixtureRequest
    ) -> Iterator[RqBench]:
        """Workers of their own; likewise, and each job is forgotten at once; workers that also serve another queue."""
        source = KIND.open(settings(watched_server))
        serves = ["jobs", "mails"] if request.param == "shared" else ["jobs"]
        bench = RqBench(
            watched_server, admin, source, serves, **({"result_ttl": 0} if request.param == "forgetful" else {})
        )
        yield bench
        bench.close()
        source.close()
