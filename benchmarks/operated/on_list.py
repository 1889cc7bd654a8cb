"""A list in Redis, with books of what came and what was finished."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import redis

from benchmarks.operated.queues import Workers, redis_trigger
from tests.live.platforms.kubernetes.clusters import ReachableServer


class ListQueue:
    """The list `tasks`; consumers move what they take to `held`, and count what they finish."""

    def __init__(self, server: ReachableServer) -> None:
        self._server, self._client = server, redis.Redis.from_url(server.url)
        where = urlsplit(server.pods_url)
        env = {"REDIS_HOST": str(where.hostname), "REDIS_PORT": str(where.port)}
        self.workers = Workers(("python3", "/shop/list_shop.py"), env, fetch_s=4, startup_s=6.0)
        self.source: dict[str, Any] = {
            "kind": "redis_list", "url": server.url, "key": "tasks", "processing_keys": ["held"],
            "arrived_key": "came", "completed_key": "finished", "timestamp_field": "at", "taken_from": "right",
        }  # fmt: skip

    def trigger(self, length: int) -> dict[str, Any]:
        """Return KEDA's own trigger."""
        return redis_trigger(self._server, "tasks", length)

    def clear(self) -> None:
        """Make it empty, its counters 0."""
        self._client.flushdb()
        self._client.mset({"came": 0, "finished": 0})

    def put(self, number: int, at_s: float, work_s: float) -> None:
        """Put a task, and count it."""
        books = self._client.pipeline()
        books.lpush("tasks", json.dumps({"id": number, "at": at_s, "work": work_s}))
        books.incr("came")
        books.execute()

    def left(self) -> dict[str, int]:
        """Return how many wait and are held, and how many the consumers have counted."""
        return {"waiting": int(self._client.llen("tasks")), "held": int(self._client.llen("held"))}


@contextmanager
def opened(server: ReachableServer) -> Iterator[ListQueue]:
    """Give it."""
    yield ListQueue(server)
