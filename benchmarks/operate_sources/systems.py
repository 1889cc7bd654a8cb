"""Each kind of source with a server of its own and a queue in which tasks wait."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
from redis import Redis
from rq import Queue as RqQueue

from benchmarks.operate_sources.fill import fill_rabbit, fill_redis
from tests.live.servers import RunningServer
from tests.operate.brokers import SAMPLED_S, RunningRabbit
from tests.ports import free_port

QUEUE = "orders"
#: What a RabbitMQ is called among processes.
SERVER = "beam.smp"
#: Events of tasks a second, of a Celery that is listened to.
EVENTS_PER_S = 100.0
#: What a RabbitMQ may take, above what a million messages need.
MEMORY = "vm_memory_high_watermark.absolute = 6GB"


@dataclass(frozen=True, slots=True)
class Full:
    """A queue in which tasks wait.

    Attributes:
        source: settings of a source that reads it.
        pids: processes of the server.
        took_s: seconds that it took to fill.
    """

    source: dict[str, Any]
    pids: list[int]
    took_s: float = 0.0

    def processor_s(self) -> float:
        """Return the seconds of processor that the server has used."""
        return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in self.pids)

    def memory_mb(self) -> float:
        """Return what the server holds in memory."""
        return sum(psutil.Process(pid).memory_info().rss for pid in self.pids) / 1e6


@contextmanager
def rabbit_queue(kind: str, tasks: int) -> Iterator[tuple[RunningRabbit, Full]]:
    """Run a RabbitMQ with a queue of a kind."""
    rabbit = RunningRabbit(MEMORY)
    try:
        took_s = fill_rabbit(rabbit, QUEUE, kind, tasks)
        family = [child for each in rabbit._processes for child in _family(each.pid)]  # noqa: SLF001 - a test's server
        pids = [each.pid for each in family if each.name() == SERVER]  # whatever it starts besides is soon over
        yield rabbit, Full({}, pids, took_s)
    finally:
        rabbit.stop()


@contextmanager
def managed(kind: str, tasks: int) -> Iterator[Full]:
    """Give a queue of a kind, by the management."""
    with rabbit_queue(kind, tasks) as (rabbit, full):
        source = {"kind": "rabbitmq", "url": rabbit.management_url, "queue": QUEUE, "sampled_every": SAMPLED_S}
        yield Full(source, full.pids, full.took_s)


@contextmanager
def by_amqp(kind: str, tasks: int) -> Iterator[Full]:
    """Give a queue of a kind, by AMQP alone."""
    with rabbit_queue(kind, tasks) as (rabbit, full):
        yield Full({"kind": "rabbitmq", "url": rabbit.amqp_url("watcher"), "queue": QUEUE}, full.pids, full.took_s)


@contextmanager
def celery_on_rabbit(kind: str, tasks: int) -> Iterator[Full]:
    """Give a queue of Celery's that is listened to; its broker's alarms are asked for, too."""
    with rabbit_queue(kind, tasks) as (rabbit, full), talking(rabbit.url):
        source = {"kind": "celery", "url": rabbit.url, "queues": [QUEUE], "management_url": rabbit.management_url}
        yield Full(source, full.pids, full.took_s)


@contextmanager
def on_redis(kind: str, tasks: int) -> Iterator[Full]:
    """Give a plain list, a queue of RQ or one of Celery that is listened to."""
    port = free_port()
    server, url = RunningServer(port=port), f"redis://127.0.0.1:{port}/0"
    with ExitStack() as stack:
        stack.callback(server.stop)
        assert server._process is not None  # noqa: S101, SLF001 - a test's server
        pids = [server._process.pid]  # noqa: SLF001 - a test's server
        source: dict[str, Any] = {"kind": kind, "url": url, "key": QUEUE}
        key = QUEUE
        if kind == "rq":
            with Redis.from_url(url) as client:
                RqQueue(QUEUE, connection=client).enqueue_call("shop.work")
            source, key = {"kind": kind, "url": url, "queues": [QUEUE]}, f"rq:queue:{QUEUE}"
        fill_redis(url, key, tasks)
        if kind == "celery":
            source = {"kind": kind, "url": url, "queues": [QUEUE]}
            stack.enter_context(talking(url))
        yield Full(source, pids)


@contextmanager
def talking(broker: str) -> Iterator[None]:
    """Let workers tell of their tasks meanwhile."""
    command = [sys.executable, "-m", "benchmarks.operate_sources.talker", broker, str(EVENTS_PER_S)]
    with subprocess.Popen(command) as talker:  # noqa: S603 - ours
        try:
            yield
        finally:
            talker.kill()


def _family(pid: int) -> list[psutil.Process]:
    one = psutil.Process(pid)
    return [one, *one.children(recursive=True)]


#: What the table calls it -> how it is made, and of which kind of queue.
SYSTEMS: dict[str, tuple[Callable[[str, int], Any], str]] = {
    "RabbitMQ, quorum queue, management": (managed, "quorum"),
    "RabbitMQ, classic queue, management": (managed, "classic"),
    "RabbitMQ, quorum queue, AMQP": (by_amqp, "quorum"),
    "RabbitMQ, classic queue, AMQP": (by_amqp, "classic"),
    "Celery on RabbitMQ, events": (celery_on_rabbit, "classic"),
    "Celery on Redis, events": (on_redis, "celery"),
    "RQ": (on_redis, "rq"),
    "Redis list": (on_redis, "redis_list"),
}
