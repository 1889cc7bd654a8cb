"""Celery's broker on Redis: a list for each priority of a queue, and events by publish and subscribe.

Nothing is written: to subscribe leaves no key behind, while a consumer of kombu's would (``_kombu.binding.celeryev``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from autoscaling_env.errors import BackendError
from live.clients import command_client, shown
from live.errors import ServerRefused, speaking_ours
from operate.sources.celery.events import Event, of_redis
from operate.sources.celery.settings import CelerySettings
from operate.sources.celery.waiting import Waiting
from operate.sources.redis.health import Health
from operate.sources.redis.server import ATTEMPT_S, RedisServer

#: Messages that are read at once; the rest is read the next time.
MOST_AT_ONCE = 5000
#: Seconds of silence after which the server is asked whether it is there, and until it must have answered.
ASKS_S, ANSWERS_S = 5.0, 10.0
#: Messages in workers' hands; sets of the queues of an exchange.
UNACKED, BINDING = "unacked", "_kombu.binding."


class RedisQueues:
    """How many tasks wait in the queues, and how many messages all workers of this broker hold."""

    def __init__(self, settings: CelerySettings, wall: Callable[[], float] = time.time) -> None:
        self._server = RedisServer(settings.redis, wall)
        self._health = Health(self._server, wall)
        self.where = self._server.where
        self._commands = [("LLEN", key) for queue in settings.queues for key in settings.keys(queue)]
        self._unacked = ("HLEN", f"{settings.global_keyprefix}{UNACKED}")

    def waiting(self) -> Waiting:
        """Return the tasks that wait, and the messages in hands, in one round trip.

        Raises:
            BackendError: it cannot be read.
        """
        *lengths, unacked = self._server.ask(*self._commands, self._unacked)
        return Waiting(
            float(sum(lengths)), float(unacked), "of all queues of this broker", remarks=self._health.remarks()
        )

    def close(self) -> None:
        """Close the connections."""
        self._server.close()


class RedisEvents:
    """Events as they are published; a connection of its own."""

    def __init__(self, settings: CelerySettings) -> None:
        client = command_client(
            settings.redis.address, password_file=settings.password_file, retries=1, timeout_s=ATTEMPT_S
        )
        self._connection: Any = client.connection_pool.make_connection()
        database = client.connection_pool.connection_kwargs.get("db") or 0
        prefix = f"/{database}." if settings.fanout_prefix else ""
        self._pattern = f"{settings.global_keyprefix}{prefix}{settings.event_exchange}/*"
        self._heard_s = self._asked_s = time.monotonic()
        self._subscribe(shown(settings.redis.url))

    def events(self) -> Sequence[Event]:
        """Return what has come since the last call.

        Raises:
            BackendError: the server does not answer any more.
        """
        found: list[Event] = []
        now_s = time.monotonic()
        for _ in range(MOST_AT_ONCE):
            if not self._connection.can_read(timeout=0):
                break
            answer = self._answer()
            self._heard_s = now_s
            if answer and answer[0] == b"pmessage":
                found += of_redis(answer[3])
        silent_s = now_s - self._heard_s
        if silent_s > ANSWERS_S:
            raise BackendError(f"the server has said nothing for {silent_s:.0f} s")
        if silent_s > ASKS_S and now_s - self._asked_s > ASKS_S:
            self._asked_s = now_s
            self._connection.send_command("PING")
        return found

    def close(self) -> None:
        """Close the connection, and with it the subscription."""
        self._connection.disconnect()

    def _answer(self) -> Any:
        """Return one answer; a refusal (an account without +ping) shows as well that the server is there."""
        try:
            return self._connection.read_response(disable_decoding=True)
        except Exception as error:
            if type(error).__name__ != "NoPermissionError":  # redis-py is imported where connections are made
                raise
            return None

    def _subscribe(self, where: str) -> None:
        with speaking_ours(where):
            try:
                self._connection.connect()
                self._connection.send_command("PSUBSCRIBE", self._pattern)
                self._connection.read_response(disable_decoding=True)
            except Exception as error:
                if type(error).__name__ != "NoPermissionError":
                    raise
                needs = f"the account needs +psubscribe and the channels &{self._pattern} (ACL), or set events: false"
                raise ServerRefused(f"Redis at {where}: {needs}") from error


def bound_queues(settings: CelerySettings) -> list[str]:
    """Return the names of the queues that a Celery has ever used in this database.

    Raises:
        BackendError: it cannot be read.
    """
    with closing(RedisServer(settings.redis)) as server:
        prefix = f"{settings.global_keyprefix}{BINDING}"
        keys = [key for key in server.keys("set") if key.startswith(prefix) and not is_celerys_own(key, prefix)]
        answers = server.ask(*(("SMEMBERS", key) for key in keys)) if keys else []
    sep = settings.sep.encode()
    members = [member for answer in answers for member in answer]
    return sorted({member.rpartition(sep)[2].decode(errors="replace") for member in members} - {""})


def is_celerys_own(key: str, prefix: str) -> bool:
    """Whether a key names the queues of an exchange in which there are no tasks: events, and remote control."""
    return key.removeprefix(prefix).endswith(("celeryev", ".pidbox"))
