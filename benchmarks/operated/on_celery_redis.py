"""Celery on Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import redis

from benchmarks.operated.celeries import CeleryQueue
from benchmarks.operated.queues import redis_trigger
from tests.live.platforms.kubernetes.clusters import ReachableServer


@contextmanager
def opened(server: ReachableServer) -> Iterator[CeleryQueue]:
    """Give its queue."""
    client = redis.Redis.from_url(server.url)

    def left() -> dict[str, int]:
        return {"waiting": int(client.llen("orders")), "held": int(client.hlen("unacked"))}

    made = CeleryQueue(
        server.pods_url, server.pods_url, client, lambda length: redis_trigger(server, "orders", length), left
    )
    with closing(made) as queue:
        yield queue
