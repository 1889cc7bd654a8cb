"""Plain RabbitMQ: a quorum queue, and consumers with pika."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pika
import redis

from benchmarks.operated import rabbits
from benchmarks.operated.queues import Workers, rabbitmq_trigger
from tests.live.platforms.kubernetes.clusters import ReachableServer
from tests.operate.brokers import RunningRabbit

KEPT = pika.BasicProperties(delivery_mode=2)


class RabbitQueue:
    """The quorum queue `orders`."""

    def __init__(self, rabbit: RunningRabbit, pods_url: str, log: redis.Redis) -> None:
        self._rabbit, self._pods_url, self._log = rabbit, pods_url, log
        # Nobody answers a heartbeat between two tasks.
        self._connection = pika.BlockingConnection(pika.URLParameters(f"{rabbit.url}?heartbeat=0"))
        self._channel = self._connection.channel()
        self._channel.queue_declare("orders", durable=True, arguments={"x-queue-type": "quorum"})
        self.workers = Workers(("python3", "/shop/pika_shop.py"), {"BROKER_URL": pods_url}, fetch_s=4, startup_s=6.0)
        self.source: dict[str, Any] = {"kind": "rabbitmq", "url": rabbit.management_url, "queue": "orders"}

    def trigger(self, length: int) -> dict[str, Any]:
        """Return KEDA's own trigger."""
        return rabbitmq_trigger(self._pods_url, length)

    def clear(self) -> None:
        """Make it empty."""
        self._channel.queue_purge("orders")
        self._log.delete("done")

    def put(self, number: int, at_s: float, work_s: float) -> None:
        """Put a message."""
        self._channel.basic_publish("", "orders", json.dumps([number, at_s, work_s]).encode(), KEPT)

    def left(self) -> dict[str, int]:
        """Return how many wait and are in hands."""
        return rabbits.left(self._rabbit)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextmanager
def opened(server: ReachableServer) -> Iterator[RabbitQueue]:
    """Give it."""
    with (
        rabbits.running() as (rabbit, pods_url),
        closing(RabbitQueue(rabbit, pods_url, redis.Redis.from_url(server.url))) as queue,
    ):
        yield queue
