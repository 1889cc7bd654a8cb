"""Queues in RabbitMQ as their owners use them, for the contract."""

from __future__ import annotations

import itertools
from contextlib import suppress
from functools import partial
from typing import Any

import pika

from operate.source import Source
from operate.sources.rabbitmq.kind import KIND
from operate.sources.rabbitmq.settings import RabbitSettings
from tests.operate.brokers import SAMPLED_S, SECRET, RunningRabbit
from tests.operate.sources.readings import read_of
from tests.waiting import until

_numbers = itertools.count()


def settings(rabbit: RunningRabbit, queue: str, **values: Any) -> RabbitSettings:
    """Return the settings of a queue as its watcher writes them."""
    given: dict[str, Any] = {"url": rabbit.management_url, "queue": queue, "sampled_every": SAMPLED_S}
    return RabbitSettings(**given | values)


class RabbitBench:
    """A queue of its own, what its producers and workers do there, and a source that the watcher's account reads."""

    secrets: tuple[str, ...] = (SECRET,)

    def __init__(self, rabbit: RunningRabbit, kind: str, *, by_amqp: bool = False, **arguments: Any) -> None:
        self.rabbit = rabbit
        self.queue = f"jobs/{kind} {next(_numbers)}"
        self.connection = pika.BlockingConnection(pika.URLParameters(rabbit.url))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()
        self.channel.queue_declare(self.queue, durable=True, arguments={"x-queue-type": kind, **arguments})
        self.held: list[int] = []
        self.consumers: list[pika.BlockingConnection] = []
        url = rabbit.amqp_url(rabbit.watcher) if by_amqp else rabbit.management_url
        self.source: Source = KIND.open(settings(rabbit, self.queue, url=url))
        self.ready()

    def ready(self) -> None:
        """Wait until the server has looked at its queue for the first time."""
        until(partial(read_of, self.source), "the queue has no figures", every_s=0.05)

    def use(self) -> None:
        """Let one task come and go, so that the server has something to count from."""
        self.put(1)
        self.take(1)
        self.finish(1)

    def put(self, tasks: int) -> None:
        for number in range(tasks):
            kept = pika.BasicProperties(delivery_mode=2)
            self.channel.basic_publish("", self.queue, f"task {number}".encode(), kept, mandatory=True)

    def take(self, tasks: int) -> None:
        for _ in range(tasks):
            got, _, _ = self.channel.basic_get(self.queue)
            assert got is not None
            self.held.append(got.delivery_tag)

    def finish(self, tasks: int) -> None:
        for _ in range(tasks):
            self.channel.basic_ack(self.held.pop(0))
        self.connection.process_data_events(0)

    def consume(self, prefetch: int, *, auto_ack: bool = False) -> Any:
        """Let a worker take what its prefetch allows and never finish; return its channel."""
        connection = pika.BlockingConnection(pika.URLParameters(self.rabbit.url))
        self.consumers.append(connection)
        channel = connection.channel()
        channel.basic_qos(prefetch_count=prefetch)
        channel.basic_consume(self.queue, lambda *_: None, auto_ack=auto_ack)
        connection.process_data_events(0.2)
        return channel

    def cut(self) -> None:
        self.rabbit.kill()

    def mend(self) -> None:
        self.rabbit.start()

    def stall(self) -> None:
        self.rabbit.stall()

    def resume(self) -> None:
        self.rabbit.resume()

    def contents(self) -> Any:
        """Return what is declared on the server, and what waits in the queue."""
        waiting = self.channel.queue_declare(self.queue, passive=True).method.message_count
        return self.rabbit.manage("GET", "definitions"), waiting

    def close(self) -> None:
        self.source.close()
        for each in (*self.consumers, self.connection):
            with suppress(Exception):
                each.close()
