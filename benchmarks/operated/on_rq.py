"""RQ: `rq worker orders`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from rq import Queue
from rq.serializers import JSONSerializer

from benchmarks.operated.queues import Workers, redis_trigger
from tests.live.platforms.kubernetes.clusters import ReachableServer

#: No job takes longer, as RQ itself sees to.
TIMEOUT_S = 60


class RqQueue:
    """The queue `orders` of RQ."""

    def __init__(self, server: ReachableServer) -> None:
        self._server, self._client = server, redis.Redis.from_url(server.url)
        self._queue = Queue("orders", connection=self._client, serializer=JSONSerializer)
        run = "from rq.cli import main; main()"
        command = ("python3", "-c", run, "worker", "orders", "--serializer", "json", "--url", server.pods_url)
        self.workers = Workers(command, {}, fetch_s=0, startup_s=5.0)
        self.source: dict[str, Any] = {"kind": "rq", "url": server.url, "queues": ["orders"]}

    def trigger(self, length: int) -> dict[str, Any]:
        """Return KEDA's own trigger."""
        return redis_trigger(self._server, "rq:queue:orders", length)

    def clear(self) -> None:
        """Make it empty; workers that are there are known still."""
        self._queue.empty()
        self._client.delete("done")

    def put(self, number: int, at_s: float, work_s: float) -> None:
        """Put a job."""
        self._queue.enqueue_call("shop.work", (number, at_s, work_s), timeout=TIMEOUT_S, result_ttl=0)

    def left(self) -> dict[str, int]:
        """Return how many wait and are in hands."""
        return {"waiting": int(self._queue.count), "held": int(self._queue.started_job_registry.count)}


@contextmanager
def opened(server: ReachableServer) -> Iterator[RqQueue]:
    """Give it."""
    yield RqQueue(server)
