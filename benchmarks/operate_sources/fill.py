"""A million small tasks, as fast as a server takes them."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from typing import Any

import pika
import redis
from amqp import Connection

from autoscaling_env.errors import BackendError
from tests.operate.brokers import SECRET, RunningRabbit

BODY = b"1.0"
#: Messages that are sent in one write; seconds that a server may take for all of them.
AT_ONCE, PATIENCE_S = 5000, 900.0
CHANNEL = 1
PUSH = "for i = 1, ARGV[1] do redis.call('LPUSH', KEYS[1], ARGV[2]) end"


def fill_rabbit(rabbit: RunningRabbit, queue: str, kind: str, messages: int) -> float:
    """Put persistent messages into a durable queue of a kind; return the seconds until all of them wait.

    What a client would make of each message is always the same, so it is made once.

    Raises:
        BackendError: the server does not take them, as where its memory is short.
    """
    begin_s = time.monotonic()
    connection = Connection(f"127.0.0.1:{rabbit.port}", "owner", SECRET, socket_settings={socket.TCP_USER_TIMEOUT: 0})
    with closing(connection):  # it has no timeouts, since the server stems the flow
        connection.connect()
        channel = connection.channel(CHANNEL)
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": kind})
        for first in range(0, messages, AT_ONCE):
            connection.transport.sock.sendall(_message(queue) * min(AT_ONCE, messages - first))
        while (waiting := channel.queue_declare(queue, passive=True).message_count) < messages:
            if time.monotonic() > begin_s + PATIENCE_S:
                raise BackendError(f"{queue}: only {waiting} of {messages} messages after {PATIENCE_S:g} s")
            time.sleep(1.0)
    return time.monotonic() - begin_s


def fill_redis(url: str, key: str, tasks: int) -> None:
    """Put tasks onto a list."""
    with redis.Redis.from_url(url, socket_timeout=60.0) as client:
        for first in range(0, tasks, 10 * AT_ONCE):
            client.eval(PUSH, 1, key, min(10 * AT_ONCE, tasks - first), BODY)


def _message(queue: str) -> bytes:
    """Return the frames of one message."""
    properties = pika.BasicProperties(delivery_mode=2)
    frames: list[Any] = [
        pika.frame.Method(CHANNEL, pika.spec.Basic.Publish(exchange="", routing_key=queue)),
        pika.frame.Header(CHANNEL, len(BODY), properties),
        pika.frame.Body(CHANNEL, BODY),
    ]
    return b"".join(frame.marshal() for frame in frames)
