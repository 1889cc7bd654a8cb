"""RabbitMQ asked by AMQP itself, the lesser way: what waits in a queue, and nothing else; py-amqp speaks it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from autoscaling_env.errors import BackendError
from operate.reading import Fact, Reading
from operate.sources.promptly import Promptly
from operate.sources.rabbitmq.management import NotThereError
from operate.sources.rabbitmq.settings import RabbitServer, RabbitSettings

Answer = TypeVar("Answer")

#: Seconds for each step of an exchange: socket, greeting, question.
STEP_S = 1.0
PORT, TLS_PORT = 5672, 5671
#: What AMQP says of a thing that is not there, of who may not do it, and of a virtual host that is not there.
NOT_FOUND, REFUSED, NOT_ALLOWED = 404, 403, 530


class Amqp:
    """One connection that is kept, and made anew where it broke."""

    def __init__(self, server: RabbitServer, vhost: str) -> None:
        self.where = f"RabbitMQ at {server.shown}"
        self._server, self._vhost = server, vhost
        self._connection: Any = None
        self._channel: Any = None
        self._turn = 0

    def waiting(self, queue: str) -> tuple[int, int]:
        """Return how many messages wait in a queue and how many consumers it has; creates nothing.

        Raises:
            NotThereError: there is no such queue.
            BackendError: it cannot be asked.
        """
        told = self._asked(lambda channel: channel.queue_declare(queue, passive=True), queue)
        return int(told.message_count), int(told.consumer_count)

    def connect(self) -> None:
        """Connect, to see whether that can be done.

        Raises:
            BackendError: it cannot.
        """
        self._asked(lambda channel: None)

    def hang_up(self) -> None:
        """Break the connection, from whatever thread: a question that hangs on it comes to its end."""
        self._turn += 1
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(Exception):  # somebody reads from it at this moment
                connection.collect()

    def close(self) -> None:
        """Close the connection, in order where the server still answers."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            closed(connection)

    # -- inside

    def _asked(self, ask: Callable[[Any], Answer], queue: str = "") -> Answer:
        kept, turn = self._channel is not None, self._turn
        try:
            return ask(self._connected(turn))
        except Exception as error:
            if turn != self._turn:  # it was given up, and somebody else asks by now
                raise BackendError(f"{self.where}: {_outage(error)}") from None
            if _code(error) == NOT_FOUND:
                self._channel = None  # it has closed the channel, and the connection stays
            else:
                self.hang_up()
            if not kept or _refuses(error):
                raise said(error, self.where, self._vhost, queue) from None
        return self._asked(ask, queue)  # the connection was an old one: once more with a new one

    def _connected(self, turn: int) -> Any:
        if self._connection is None:
            connection = connected(self._server, self._vhost)
            if turn != self._turn:
                closed(connection)
                raise TimeoutError
            self._connection = connection
        if self._channel is None:
            self._channel = self._connection.channel()
        return self._channel


def connected(server: RabbitServer, vhost: str, heartbeat_s: int = 0) -> Any:
    """Return a connection that is open.

    Args:
        server: where, and as whom.
        vhost: virtual host.
        heartbeat_s: seconds between signs of life, given by whoever calls ``heartbeat_tick``; 0: none is asked for.

    Raises:
        Exception: it cannot be opened; ``said`` has words for it.
    """
    from amqp import Connection

    parts = urlsplit(server.url)
    options = tls(server)
    user, password = server.account()
    connection = Connection(
        host=f"{parts.hostname}:{parts.port or (TLS_PORT if options else PORT)}", userid=user, password=password,
        virtual_host=vhost, ssl=options or False, connect_timeout=STEP_S, read_timeout=STEP_S, write_timeout=STEP_S,
        heartbeat=heartbeat_s, client_properties={"connection_name": "autoscale operate"},
    )  # fmt: skip
    try:
        connection.connect()
    except BaseException:
        connection.collect()
        raise
    return connection


def tls(server: RabbitServer) -> dict[str, Any]:
    """Return how py-amqp, and Celery with it (``broker_use_ssl``), checks who answers; nothing where no TLS is used."""
    parts = urlsplit(server.url)
    if parts.scheme != "amqps":
        return {}
    return {"context": {"cafile": server.ca_file or None, "check_hostname": True}, "server_hostname": parts.hostname}


def closed(connection: Any) -> None:
    """Close a connection as one should, if the other end still answers."""
    try:
        connection.close()
    except Exception:  # it is gone already
        connection.collect()


def said(error: Exception, where: str, vhost: str = "/", queue: str = "") -> BackendError:
    """Return one line on what is wrong, and what to do about it."""
    if _code(error) == NOT_FOUND and queue:
        return NotThereError(
            f"{where}: there is no queue {queue!r} in virtual host {vhost!r}: it was not declared yet, or its name or"
            " virtual host is another"
        )
    return BackendError(f"{where}: {_outage(error)}")


def _code(error: Exception) -> int:
    code = getattr(error, "code", 0)
    return code if isinstance(code, int) else 0


def _refuses(error: Exception) -> bool:
    """Whether the server has answered, and will not do it."""
    return _code(error) in {REFUSED, NOT_FOUND, 405, 406, NOT_ALLOWED}


def _outage(error: Exception) -> str:
    code, kind = _code(error), type(error).__name__
    said = " ".join(str(getattr(error, "reply_text", "") or "").split()).rstrip(".")[:200]
    if code == REFUSED and "Login was refused" in said:
        return "it refuses user or password: correct source.url or source.password_file"
    if code == NOT_ALLOWED:
        return "the account may not use this virtual host, or it is not there: source.url, source.vhost"
    if code:
        return f"it refuses: {said}"
    if isinstance(error, TimeoutError):
        return "no answer in time: it is stalled or the network is slow"
    if kind == "gaierror":
        return "its name cannot be looked up: is source.url right?"
    if "SSL" in kind:
        if "CERTIFICATE_VERIFY_FAILED" in str(error) or kind == "SSLCertVerificationError":
            return "its certificate is not trusted: set source.ca_file"
        return "no TLS is spoken there: is the port right (5671), or is it amqp://?"
    if isinstance(error, ConnectionRefusedError):
        return "no connection: is it running, and is source.url right?"
    if kind in {"UnexpectedFrame", "FrameSyntaxError"}:
        return "no AMQP is spoken there: is the port right (5672, with TLS 5671)?"
    return f"the connection broke ({kind})"


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
