"""A queue as somebody has it, and what a trial wants of it: its workers, who reads it, by what KEDA would scale it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import urlsplit

from tests.live.platforms.kubernetes.clusters import ReachableServer

#: Name of a system -> the module whose ``opened`` gives its queue.
MODULES = {
    "list": "benchmarks.operated.on_list",
    "rq": "benchmarks.operated.on_rq",
    "celery-redis": "benchmarks.operated.on_celery_redis",
    "celery-rabbitmq": "benchmarks.operated.on_celery_rabbitmq",
    "rabbitmq": "benchmarks.operated.on_rabbitmq",
}


@dataclass(frozen=True, slots=True)
class Workers:
    """How a worker is run.

    Attributes:
        command: what its container runs.
        env: what it is told, besides where it logs.
        fetch_s: whole seconds that an init container takes before it.
        startup_s: seconds from the making of a pod until it works, as its owner would say.
    """

    command: tuple[str, ...]
    env: Mapping[str, str]
    fetch_s: int
    startup_s: float


class Queue(Protocol):
    """Somebody's queue."""

    @property
    def workers(self) -> Workers:
        """Who empties it."""
        ...

    @property
    def source(self) -> dict[str, Any]:
        """The section `source` of a controller on this machine."""
        ...

    def trigger(self, length: int) -> dict[str, Any]:
        """Return KEDA's own trigger for it, which aims at so many waiting tasks a worker."""
        ...

    def clear(self) -> None:
        """Make it empty, and ready to be put to."""
        ...

    def put(self, number: int, at_s: float, work_s: float) -> None:
        """Put a task that comes at a Unix time; all of them are put by one thread."""
        ...

    def left(self) -> dict[str, int]:
        """Return how many tasks wait, and how many are in hands."""
        ...


@contextmanager
def opened(system: str, server: ReachableServer) -> Iterator[Queue]:
    """Give the queue of a system, beside a Redis in which its workers log."""
    made: AbstractContextManager[Queue] = import_module(MODULES[system]).opened(server)
    with made as queue:
        yield queue


def redis_trigger(server: ReachableServer, name: str, length: int) -> dict[str, Any]:
    """Return KEDA's trigger for a list in Redis."""
    where = urlsplit(server.pods_url)
    metadata = {"address": f"{where.hostname}:{where.port}", "listName": name, "listLength": str(length)}
    return {"type": "redis", "metadata": metadata}


def rabbitmq_trigger(pods_url: str, length: int) -> dict[str, Any]:
    """Return KEDA's trigger for the queue `orders` of a RabbitMQ."""
    metadata = {
        "host": pods_url, "protocol": "amqp", "queueName": "orders", "mode": "QueueLength", "value": str(length),
    }  # fmt: skip
    return {"type": "rabbitmq", "metadata": metadata}
