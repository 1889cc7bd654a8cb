"""A queue as AMQP itself tells it, the lesser way: what waits, and nothing else."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from autoscaling_env.errors import BackendError
from operate.reading import Fact, Reading
from operate.sources.promptly import Promptly
from operate.sources.rabbitmq.settings import RabbitServer, RabbitSettings

if TYPE_CHECKING:
    from pika import BlockingConnection
    from pika.adapters.blocking_connection import BlockingChannel

#: Seconds for each stage of a connection: name, socket, greeting.
CONNECT_S = 1.0
#: Seconds after which either side takes the other for gone; more than most ticks are apart.
HEARTBEAT_S = 60


class Amqp:
    """One connection that is kept, and made anew where it broke."""

    def __init__(self, server: RabbitServer, vhost: str) -> None:
        parts = urlsplit(server.url)
        self.where = f"RabbitMQ at {server.shown}"
        self._vhost = vhost
        self._parameters = _parameters(server, vhost)
        self._host, self._port = parts.hostname, parts.port
        self._connection: BlockingConnection | None = None
        self._channel: BlockingChannel | None = None

    def waiting(self, queue: str) -> tuple[int, int]:
        """Return how many messages wait in a queue and how many consumers it has; creates nothing.

        Raises:
            BackendError: it cannot be asked, or is not there.
        """
        from pika import exceptions

        kept = self._channel is not None
        try:
            return self._ask(queue)
        except exceptions.ChannelClosedByBroker as error:
            self._channel = None
            raise BackendError(f"{self.where}: {self._refusal(queue, error)}") from None
        except (exceptions.AMQPError, OSError) as error:
            self.hang_up()
            if not kept:
                raise BackendError(f"{self.where}: {_outage(error)}") from None
        return self.waiting(queue)  # the connection was an old one: once more with a new one

    def hang_up(self) -> None:
        """Break the connection, from whatever thread: a question that hangs on it comes to its end."""
        connection, self._connection, self._channel = self._connection, None, None
        # pika has no way to give up a question; without its socket it does.
        transport = getattr(getattr(connection, "_impl", None), "_transport", None)
        with suppress(OSError, AttributeError):
            transport._sock.shutdown(2)  # noqa: SLF001

    def close(self) -> None:
        """Close the connection in order, where it is whole."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and connection.is_open:
            with suppress(Exception):
                connection.close()

    # -- inside

    def _ask(self, queue: str) -> tuple[int, int]:
        from pika import BlockingConnection

        if self._connection is None or not self._connection.is_open:
            self._connection, self._channel = BlockingConnection(self._parameters), None
        if self._channel is None:
            self._channel = self._connection.channel()
        told = self._channel.queue_declare(queue, passive=True).method
        return int(told.message_count), int(told.consumer_count)

    def _refusal(self, queue: str, error: Any) -> str:
        if error.reply_code == 404:
            return (
                f"there is no queue {queue!r} in virtual host {self._vhost!r}: it was not declared yet, or source.queue"
                " or source.vhost is another"
            )
        return f"it refuses: {' '.join(str(error.reply_text).split())[:200]}"


def _parameters(server: RabbitServer, vhost: str) -> Any:
    from pika import ConnectionParameters, PlainCredentials, SSLOptions

    parts = urlsplit(server.url)
    secure = parts.scheme == "amqps"
    context = ssl.create_default_context(cafile=server.ca_file or None) if secure else None
    return ConnectionParameters(
        host=parts.hostname, port=parts.port or (5671 if secure else 5672), virtual_host=vhost,
        credentials=PlainCredentials(*server.account()), heartbeat=HEARTBEAT_S, socket_timeout=CONNECT_S,
        stack_timeout=2 * CONNECT_S, connection_attempts=1, client_properties={"connection_name": "autoscale operate"},
        ssl_options=SSLOptions(context, parts.hostname) if context else None,
    )  # fmt: skip


def _outage(error: Exception) -> str:
    from pika import exceptions

    if isinstance(error, exceptions.ProbableAuthenticationError):
        return "it refuses user or password: correct source.url or source.password_file"
    if isinstance(error, exceptions.ProbableAccessDeniedError):
        return "the account may not use this virtual host, or it is not there: source.url, source.vhost"
    if isinstance(error, exceptions.IncompatibleProtocolError):
        return "no AMQP is spoken there: is the port right (5672, with TLS 5671)?"
    if "Timeout" in repr(error):
        return "no answer in time: it is stalled or the network is slow"
    if "gaierror" in repr(error):
        return "its name cannot be looked up: is source.url right?"
    if "SSL" in repr(error):
        return "its certificate is not trusted: set source.ca_file"
    if "ConnectionRefused" in repr(error):
        return "no connection: is it running, and is source.url right?"
    return f"the connection broke ({type(error).__name__})"


class AmqpQueue:
    """Asks by AMQP how much waits in one queue."""

    knows = frozenset({Fact.BACKLOG})

    def __init__(self, settings: RabbitSettings) -> None:
        self._settings = settings
        self._amqp = Amqp(settings, settings.virtual_host)
        self._promptly = Promptly(self._amqp.where, self._amqp.hang_up)

    @property
    def described(self) -> str:
        """The queue and its server."""
        vhost = self._settings.virtual_host
        return f"queue {self._settings.queue!r} in virtual host {vhost!r}, {self._amqp.where}, by AMQP alone"

    def read(self) -> Reading:
        """Return what waits at this moment."""
        waiting, _ = self._promptly(lambda: self._amqp.waiting(self._settings.queue))
        return Reading(backlog=float(waiting))

    def close(self) -> None:
        """Close the connection."""
        self._amqp.close()
