"""Plain RabbitMQ with pika, as its tutorials have it."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import Any

import pika

from benchmarks.operate_scale_in import tasks

DURABLE = {"durable": True, "arguments": {"x-queue-type": "quorum"}}


class Queue:
    """A quorum queue as its producers see it."""

    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()  # what was put is there, whatever happens next

    def put(self, number: int, work_s: float) -> None:
        """Put a task."""
        kept = pika.BasicProperties(delivery_mode=2)
        self._channel.basic_publish("", "orders", json.dumps([number, work_s]).encode(), kept)

    def depth(self) -> int:
        """Return how many messages wait."""
        return int(self._channel.queue_declare("orders", passive=True).method.message_count)

    def clear(self) -> None:
        """Throw away what an earlier campaign left."""
        self._channel.queue_delete("orders")
        self._channel.queue_declare("orders", **DURABLE)

    def kept_back(self) -> int:
        """Return how many tasks of dead workers are nobody's until a long time has passed: none."""
        return 0

    def source(self, watched: str) -> Mapping[str, Any]:
        """Return it as the settings of a source that looks at this address."""
        return {"kind": "rabbitmq", "url": watched, "queue": "orders"}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def work(url: str, variant: str) -> None:
    """Be a consumer: one message at a time, acknowledged after the work, and no other after SIGTERM.

    ``early`` is the shortest consumer of the tutorials: whatever comes is acknowledged as it is sent.
    """
    early = variant == "early"
    stop: list[int] = []
    if not early:
        signal.signal(signal.SIGTERM, lambda number, _: stop.append(number))
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    if not early:
        channel.basic_qos(prefetch_count=1)
    for method, _, body in channel.consume("orders", auto_ack=early, inactivity_timeout=0.2):
        if method is not None and not stop:
            tasks.work(*json.loads(body))
            if not early:
                channel.basic_ack(method.delivery_tag)
        if stop:
            break
    connection.close()  # what was fetched and not begun goes back
