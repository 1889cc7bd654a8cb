"""Somebody's Redis, read only: several commands in one round trip, refusals in our words.

The account needs ``+@read`` on the queue's keys and nothing else. So there is no transaction: the commands of one round
trip stand in one packet, which the server works off in one go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from pydantic import model_validator

from autoscaling_env.config.base import RedisUrl, Section
from autoscaling_env.errors import BackendError
from live.clients import command_client, shown
from live.errors import ServerRefused, speaking_ours
from operate.sources.promptly import Promptly

#: A command with its arguments.
Command = tuple[str | bytes | int, ...]

#: How addresses of such servers begin.
SCHEMES = ("redis", "rediss", "unix")

#: One attempt may take this long, and there are two: a connection that broke meanwhile is replaced.
ATTEMPT_S = 1.0
#: Keys looked at when queues are searched.
MOST_KEYS = 50_000
_AT_ONCE = 1000


class RedisSection(Section):
    """What every queue on a Redis server has in its configuration."""

    url: RedisUrl
    """redis://, rediss:// or unix:// address of the server; an account with +@read on the queue's keys is enough."""
    password_file: str = ""
    """File that holds the password, if it is not in the address."""
    ca_file: str = ""
    """With rediss://: certificates of who may vouch for the server; empty: the system's."""

    @model_validator(mode="after")
    def _vouched(self) -> Self:
        if self.ca_file and not self.url.startswith("rediss://"):
            raise ValueError("ca_file is for rediss://, which is TLS, and url is another one: leave it out")
        return self

    @property
    def address(self) -> str:
        """The address as redis-py takes it, with who may vouch for the server."""
        if not self.ca_file:
            return self.url
        return f"{self.url}{'&' if urlsplit(self.url).query else '?'}{urlencode({'ssl_ca_certs': self.ca_file})}"


class RedisServer:
    """Asks one server. Answers are bytes, for what stands in somebody's queue need not be text.

    Args:
        wall: Unix time in seconds, used where the account may not ask the server for its own.
    """

    def __init__(self, settings: RedisSection, wall: Callable[[], float] = time.time) -> None:
        self.where = shown(settings.url)
        self._client = command_client(
            settings.address, password_file=settings.password_file, retries=1, timeout_s=ATTEMPT_S
        )
        self._promptly = Promptly(f"Redis at {self.where}", self._hang_up)
        self._wall = wall
        self._tells_time = True

    def ask(self, *commands: Command) -> list[Any]:
        """Return the answers of one round trip.

        Raises:
            BackendError: there is none, or one of them is a refusal.
        """
        answers = self.ask_each(*commands)
        for answer in answers:
            if isinstance(answer, BackendError):
                raise answer
        return answers

    def ask_each(self, *commands: Command) -> list[Any]:
        """Return the answers of one round trip; a refusal stands in its place as an error that is not raised.

        Raises:
            BackendError: the server cannot be reached.
        """
        try:
            answers = self._promptly(lambda: self._round_trip(commands))
        except BackendError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                untrusted = f"Redis at {self.where}: its certificate is not trusted: set source.ca_file"
                raise ServerRefused(untrusted) from error
            raise
        return [
            self._refusal(command, answer) if isinstance(answer, Exception) else answer
            for command, answer in zip(commands, answers, strict=True)
        ]

    def ask_at(self, *commands: Command) -> tuple[float, list[Any]]:
        """Return the server's Unix time in seconds besides; a server that does not tell is asked once only."""
        if not self._tells_time:
            return self._wall(), self.ask(*commands)
        now, *answers = self.ask_each(("TIME",), *commands)
        for answer in answers:
            if isinstance(answer, BackendError):
                raise answer
        if isinstance(now, BackendError):
            self._tells_time = False
            return self._wall(), answers
        return now[0] + now[1] / 1e6, answers

    def keys(self, kind: str) -> Iterator[str]:
        """Give the names of the keys of a type, of the first ``MOST_KEYS``; names that are no text are left out."""
        cursor, seen = 0, 0
        while True:
            ((cursor, names),) = self.ask(("SCAN", cursor, "COUNT", _AT_ONCE, "TYPE", kind))
            yield from (name.decode() for name in names if _is_text(name))
            seen += _AT_ONCE
            if not cursor or seen >= MOST_KEYS:
                return

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # -- inside

    def _round_trip(self, commands: tuple[Command, ...]) -> list[Any]:
        with speaking_ours(self.where), self._client.pipeline(transaction=False) as at_once:
            for command in commands:
                detail = {"parse_detail": True} if command[0] == "XPENDING" and len(command) > 3 else {}
                at_once.execute_command(*command, NEVER_DECODE=[], **detail)  # type: ignore[no-untyped-call]
            try:
                return list(at_once.execute(raise_on_error=False))
            except Exception as error:
                if _name(error) == "NoPermissionError":  # of what comes before the commands
                    raise ServerRefused(f"Redis at {self.where}: {error}: the account needs +select (ACL)") from error
                raise

    def _refusal(self, command: Command, error: Exception) -> BackendError:
        said = " ".join(str(error).split()).rstrip(".")
        asked = " ".join(map(str, command[:2]))
        remedy = ""
        if _name(error) == "NoPermissionError":
            remedy = ": the account needs +@read on the queue's keys (ACL)"
        elif said.startswith("WRONGTYPE"):
            remedy = ": that key is another thing; name the right one"
        return ServerRefused(f"Redis at {self.where}: {asked}: {said}{remedy}")

    def _hang_up(self) -> None:
        self._client.connection_pool.disconnect(inuse_connections=True)


def _name(error: Exception) -> str:
    """Return the name of a class of redis-py, which is imported where connections are made."""
    return type(error).__name__


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
