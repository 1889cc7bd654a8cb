"""RQ, as its own documentation has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redis import Redis
from rq import Queue as RqQueue
from rq import Retry, Worker
from rq.serializers import JSONSerializer

TASK = "benchmarks.operate_scale_in.tasks.work"
#: No job takes longer than this, as RQ itself sees to; without it `check` has to believe in RQ's 180 s.
TIMEOUT_S = 10


class Queue:
    """A queue of RQ as its producers see it."""

    def __init__(self, url: str, retry: Retry | None = None) -> None:
        self._redis, self._retry = Redis.from_url(url), retry
        self._queue = RqQueue("orders", connection=self._redis, serializer=JSONSerializer)

    def put(self, number: int, work_s: float) -> None:
        """Put a task."""
        self._queue.enqueue_call(TASK, (number, work_s), timeout=TIMEOUT_S, result_ttl=0, retry=self._retry)

    def depth(self) -> int:
        """Return how many jobs wait."""
        return int(self._queue.count)

    def clear(self) -> None:
        """Throw away what an earlier campaign left: the server is our own."""
        self._redis.flushall()

    def kept_back(self) -> int:
        """Return how many tasks of dead workers are nobody's until a long time has passed: none."""
        return 0

    def source(self, watched: str) -> Mapping[str, Any]:
        """Return it as the settings of a source that looks at this address."""
        return {"kind": "rq", "url": watched, "queues": ["orders"]}

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()


def work(url: str, variant: str, **options: Any) -> None:
    """Be `rq worker orders --serializer json`, and whatever options besides."""
    connection = Redis.from_url(url)
    queue = RqQueue("orders", connection=connection, serializer=JSONSerializer)
    Worker([queue], connection=connection, serializer=JSONSerializer, **options).work(logging_level="WARNING")
