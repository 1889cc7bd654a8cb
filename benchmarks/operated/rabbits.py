"""A RabbitMQ that pods reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError

from tests.live.platforms.kubernetes.clusters import address_for_pods
from tests.operate.brokers import RunningRabbit
from tests.ports import free_port


@contextmanager
def running() -> Iterator[tuple[RunningRabbit, str]]:
    """Give a server, and its address for pods."""
    address, port = address_for_pods(), free_port()
    rabbit = RunningRabbit(f"listeners.tcp.2 = {address}:{port}")
    try:
        yield rabbit, rabbit.amqp_url("owner").replace(f"127.0.0.1:{rabbit.port}", f"{address}:{port}")
    finally:
        rabbit.stop()


def left(rabbit: RunningRabbit) -> dict[str, int]:
    """Return how many messages of `orders` wait and are in hands, by the server's own newest look."""
    try:
        told = rabbit.manage("GET", "queues/%2F/orders")
    except HTTPError as error:
        raise RuntimeError(json.dumps(error.read().decode())) from error
    return {"waiting": int(told.get("messages_ready", 0)), "held": int(told.get("messages_unacknowledged", 0))}
