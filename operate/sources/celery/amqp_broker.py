"""Celery's broker by AMQP: a passive declaration tells what waits, and a queue of our own gets events while we listen.

That queue (``celeryev.<id>``) is exclusive and deletes itself; nothing else is ever declared, and no task is consumed.
Where the management is to be asked, it tells when producers are blocked; and where no events are listened to, what was
published and what workers hold.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

from autoscaling_env.errors import BackendError
from live.clients import shown
from live.clock import SystemClock
from operate.reading import Reading
from operate.sources.celery.events import Event, of_body
from operate.sources.celery.settings import CelerySettings
from operate.sources.celery.waiting import Waiting
from operate.sources.promptly import Promptly
from operate.sources.rabbitmq import amqp
from operate.sources.rabbitmq.alarms import Alarms
from operate.sources.rabbitmq.amqp import Amqp, closed, connected
from operate.sources.rabbitmq.managed import ManagedQueue
from operate.sources.rabbitmq.management import Management
from operate.sources.rabbitmq.settings import RabbitSettings

#: Seconds between signs of life on the connection on which we listen.
HEARTBEAT_S = 10
#: Messages that are read at once; the rest is read the next time.
MOST_AT_ONCE = 5000
#: What a queue of events keeps, milliseconds and messages: nobody shall be burdened by one who does not read.
KEPT_MS, KEPT = 5000, 100_000
#: Events of tasks come several in a message (`task.multi`), or alone.
ROUTES = ("task.#", "worker.#")
THESE = "of these queues"
#: Seconds that the management may take to say whether producers are blocked.
ASK_S = 1.0


class AmqpQueues:
    """How many tasks wait in the queues: by AMQP at this moment, or by the management where it alone tells the rest.

    What AMQP tells of now and what the management tells of some seconds ago do not add up, so one of them is asked.
    """

    def __init__(self, settings: CelerySettings) -> None:
        self.where = shown(settings.url)
        self._queues = settings.queues
        self._amqp = Amqp(settings.rabbit, settings.vhost)
        self._promptly = Promptly(self._amqp.where, self._amqp.hang_up)
        self._managed = [] if settings.events else [ManagedQueue(each) for each in settings.managed()]
        self._alarms = _Alarms(settings.managed()[0]) if settings.events and settings.management_url else None

    def waiting(self) -> Waiting:
        """Return the tasks that wait, and what else is told.

        Raises:
            BackendError: it cannot be read.
        """
        if self._managed:
            return _of(self._managed)
        backlog = self._promptly(lambda: sum(self._amqp.waiting(each)[0] for each in self._queues))
        return Waiting(float(backlog), remarks=self._alarms.remarks() if self._alarms else ())

    def close(self) -> None:
        """Close the connections."""
        self._amqp.close()
        for each in self._managed:
            each.close()
        if self._alarms is not None:
            self._alarms.close()


class _Alarms:
    """The alarms of a broker by its management, with a connection of their own."""

    def __init__(self, settings: RabbitSettings) -> None:
        self._management, self._clock = Management(settings), SystemClock()
        self._told = Alarms(self._management, self._clock)
        self._promptly = Promptly(self._management.where, self._management.hang_up)

    def remarks(self) -> tuple[str, ...]:
        try:
            return self._promptly(lambda: self._told.remarks(self._clock.now() + ASK_S))
        except BackendError as error:
            return (f"whether producers are blocked is not known: {error}",)

    def close(self) -> None:
        self._management.close()


def said(error: Exception, settings: CelerySettings) -> str:
    """Return one line on what is wrong with a connection, and what to do about it."""
    told = str(amqp.said(error, f"RabbitMQ at {shown(settings.url)}"))
    exchange = "no exchange" in str(getattr(error, "reply_text", ""))
    return f"{told}: no worker has ever sent an event to this broker" if exchange else told


def _of(queues: Sequence[ManagedQueue]) -> Waiting:
    readings = [each.read() for each in queues]
    return Waiting(
        sum(each.backlog or 0.0 for each in readings),
        _sum([each.in_flight for each in readings]),
        THESE,
        _sum([each.arrived_total for each in readings]),
        max(each.age_s for each in readings),
        _remarks(readings),
    )


def _sum(counts: Sequence[float | None]) -> float | None:
    known = [each for each in counts if each is not None]
    return sum(known) if len(known) == len(counts) else None


def _remarks(readings: Sequence[Reading]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said for each in readings for said in each.remarks))


class AmqpEvents:
    """Events as they come to a queue of our own, which goes when we do."""

    def __init__(self, settings: CelerySettings) -> None:
        self._found: list[Event] = []
        self._connection = connected(settings.rabbit, settings.vhost, HEARTBEAT_S)
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
