"""Celery's broker by AMQP: a passive declaration tells what waits, and a queue of our own gets events while we listen.

That queue (``celeryev.<id>``) is exclusive and deletes itself; nothing else is ever declared, and no task is consumed.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autoscaling_env.errors import BackendError, InputError
from live.clients import shown
from operate.sources.celery.events import Event, of_body
from operate.sources.celery.settings import CelerySettings, celery_url
from operate.sources.promptly import Promptly

#: Seconds for each step of an exchange with the broker.
STEP_S = 1.0
#: Seconds between signs of life on the connection on which we listen.
HEARTBEAT_S = 10
#: Messages that are read at once; the rest is read the next time.
MOST_AT_ONCE = 5000
#: What a queue of events keeps, milliseconds and messages: nobody shall be burdened by one who does not read.
KEPT_MS, KEPT = 5000, 100_000
#: Events of tasks come several in a message (`task.multi`), or alone.
ROUTES = ("task.#", "worker.#")


class NoQueue(BackendError):  # noqa: N818 - reads as what happened
    """A queue is not there: nobody has used it yet, or its name is another."""


class AmqpQueues:
    """How many tasks wait in the queues. One connection is kept, and made anew where it breaks."""

    def __init__(self, settings: CelerySettings) -> None:
        self.where = shown(settings.url)
        self._settings = settings
        self._connection: Any = None
        self._channel: Any = None
        self._promptly = Promptly(f"RabbitMQ at {self.where}", self._hang_up)

    def waiting(self) -> tuple[float, float | None]:
        """Return the tasks that wait; what workers hold nobody tells by AMQP.

        Raises:
            BackendError: it cannot be read.
        """
        return float(self._promptly(self._ask)), None

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            closed(connection)

    # -- inside

    def _ask(self) -> int:
        try:
            return self._sum()
        except Exception as error:
            kept = self._connection is not None
            self._hang_up()
            if not kept or _refused(error):
                raise self._ours(error) from error
        try:  # a connection that was kept may have broken meanwhile
            return self._sum()
        except Exception as error:
            self._hang_up()
            raise self._ours(error) from error

    def _ours(self, error: Exception) -> BackendError:
        kind = NoQueue if getattr(error, "code", None) == 404 else BackendError
        return kind(said(error, self.where))

    def _sum(self) -> int:
        if self._channel is None:
            connection = connect(self._settings)
            self._connection, self._channel = connection, connection.channel()
        channel = self._channel
        return sum(channel.queue_declare(each, passive=True).message_count for each in self._settings.queues)

    def _hang_up(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect()


class AmqpEvents:
    """Events as they come to a queue of our own, which goes when we do."""

    def __init__(self, settings: CelerySettings) -> None:
        self._found: list[Event] = []
        self._connection = connect(settings, heartbeat_s=HEARTBEAT_S)
        self._beaten_s = time.monotonic()
        try:
            self._consume(settings.event_exchange)
        except BaseException:
            self._connection.collect()
            raise

    def events(self) -> Sequence[Event]:
        """Return what has come since the last call.

        Raises:
            Exception: the connection is lost, or nothing was heard of the server for two heartbeats.
        """
        found, self._found = self._found, []
        for _ in range(MOST_AT_ONCE):
            try:
                self._connection.drain_events(timeout=0.001)
            except TimeoutError:
                break
        now_s = time.monotonic()
        if now_s - self._beaten_s > HEARTBEAT_S / 2:
            self._beaten_s = now_s
            self._connection.heartbeat_tick()
        found += self._found
        self._found = []
        return found

    def close(self) -> None:
        """Close the connection; the broker deletes the queue."""
        closed(self._connection)

    def _consume(self, exchange: str) -> None:
        channel: Any = self._connection.channel()
        queue = f"celeryev.{uuid.uuid4()}"
        kept = {"x-message-ttl": KEPT_MS, "x-max-length": KEPT}
        channel.exchange_declare(exchange, "topic", passive=True)
        channel.queue_declare(queue, exclusive=True, auto_delete=True, arguments=kept)
        for route in ROUTES:
            channel.queue_bind(queue, exchange, route)
        channel.basic_consume(queue, no_ack=True, exclusive=True, callback=self._take)

    def _take(self, message: Any) -> None:
        self._found += of_body(message.body)


def connect(settings: CelerySettings, heartbeat_s: int = 0) -> Any:
    """Return a connection of py-amqp that is open.

    Raises:
        Exception: it cannot be opened; ``said`` has words for it.
    """
    from kombu.connection import Connection

    make: Any = Connection  # has no types
    waits = {"read_timeout": STEP_S, "write_timeout": STEP_S}
    url = celery_url(settings.url, password_of(settings))
    asked = make(url, connect_timeout=STEP_S, heartbeat=heartbeat_s, transport_options=waits)
    return asked.transport.establish_connection()


def closed(connection: Any) -> None:
    """Close a connection as one should, if the other end still answers."""
    try:
        connection.close()
    except Exception:  # it is gone already
        connection.collect()


def password_of(settings: CelerySettings) -> str:
    """Return the password that stands in a file; "": there is no such file.

    Raises:
        InputError: it cannot be read.
    """
    if not settings.password_file:
        return ""
    try:
        return Path(settings.password_file).read_text("utf-8").strip()
    except OSError as error:
        raise InputError(f"{settings.password_file}: the password cannot be read: {error.strerror}") from None


def _refused(error: Exception) -> bool:
    """Whether the server has answered, and will not do it."""
    return isinstance(getattr(error, "code", None), int) and error.code in {403, 404, 405, 406, 530}  # type: ignore[attr-defined]


def said(error: Exception, where: str) -> str:
    """Return one line on what is wrong, and what to do about it."""
    reason = " ".join(str(getattr(error, "reply_text", "") or error).split()).rstrip(".") or type(error).__name__
    remedy = "is it running, and is the address right?"
    if isinstance(error, TimeoutError):
        remedy = "it is stalled or the network is slow"
    code = getattr(error, "code", None)
    if code == 404:
        remedy = "name in source.queues those of the workers; a queue is there once a worker or a producer has used it"
        if "no exchange" in reason:
            remedy = "no worker has ever sent an event to this broker"
    elif code == 403:
        remedy = "wrong user or password, or the account may not do this"
    elif code == 530:
        remedy = "there is no such virtual host, or the account may not use it"
    return f"RabbitMQ at {where}: {shown(reason) if '://' in reason else reason}: {remedy}"
