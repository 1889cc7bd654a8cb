"""Celery on RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import redis

from benchmarks.operated import rabbits
from benchmarks.operated.celeries import CeleryQueue
from benchmarks.operated.queues import rabbitmq_trigger
from tests.live.platforms.kubernetes.clusters import ReachableServer


@contextmanager
def opened(server: ReachableServer) -> Iterator[CeleryQueue]:
    """Give its queue."""
    with rabbits.running() as (rabbit, pods_url):
        made = CeleryQueue(
            rabbit.url,
            pods_url,
            redis.Redis.from_url(server.url),
            lambda length: rabbitmq_trigger(pods_url, length),
            lambda: rabbits.left(rabbit),
        )
        with closing(made) as queue:
            yield queue
