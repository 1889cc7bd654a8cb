"""Tasks in a Redis list: its length is the backlog; the rest depends on what the workers leave behind."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from autoscaling_env.errors import BackendError
from operate.kinds import SourceKind
from operate.reading import Fact, Reading
from operate.sources.ages import timestamp_s, waited
from operate.sources.redis.health import Health
from operate.sources.redis.list_doctor import advise, examine, find
from operate.sources.redis.server import SCHEMES, Command, RedisSection, RedisServer

#: What tells how many entries a key of a type has.
LENGTH = {b"list": "LLEN", b"hash": "HLEN", b"zset": "ZCARD", b"set": "SCARD"}

Key = Annotated[str, Field(min_length=1)]
#: A configuration file has lists where Python has tuples.
Keys = Annotated[tuple[Key, ...], Field(strict=False, max_length=1000)]


class RedisListSettings(RedisSection):
    """A queue that is a list in Redis."""

    kind: Literal["redis_list"] = "redis_list"
    """A list in Redis."""
    key: Key
    """The list in which tasks wait."""
    processing_keys: Keys = ()
    """Lists, hashes or sets of tasks that workers hold: what is in flight; none: nobody knows."""
    arrived_key: str = ""
    """A number that producers add to with every task (INCR); empty: nobody knows."""
    completed_key: str = ""
    """A number that workers add to with every finished task (INCR); empty: nobody knows."""
    timestamp_field: str = ""
    """Field of a task (JSON) that says when it came: Unix time in s, ms, us or ns, or ISO 8601; dots lead inwards."""
    taken_from: Literal["left", "right"] | None = None
    """The end from which workers take (BLPOP: left, BRPOP: right): the oldest task stands there."""

    @model_validator(mode="after")
    def _whole(self) -> RedisListSettings:
        if bool(self.timestamp_field) != (self.taken_from is not None):
            raise ValueError("timestamp_field and taken_from go together: where the oldest task stands, and its time")
        if self.key in self.processing_keys:
            raise ValueError(f"processing_keys has {self.key!r}, in which tasks wait")
        return self


class RedisList:
    """Reads one list and what belongs to it."""

    def __init__(self, settings: RedisListSettings, wall: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._server = RedisServer(settings, wall)
        self._health = Health(self._server, wall)
        self.knows = _known(settings)

    @property
    def described(self) -> str:
        """The list and its server."""
        return f"Redis list {self._settings.key!r} at {self._server.where}"

    def read(self) -> Reading:
        """Return what is true now; one round trip, and another one where tasks in flight are to be counted."""
        commands: dict[str, Command] = {"backlog": ("LLEN", self._settings.key)} | self._peeks()
        held = self._held_commands()
        now_s, answers = self._server.ask_at(*commands.values(), *held)
        told = dict(zip(commands, answers[: len(commands)], strict=True))
        remarks: list[str] = []
        return Reading(
            backlog=float(told["backlog"]),
            in_flight=float(sum(answers[len(commands) :])) if self._settings.processing_keys else None,
            arrived_total=self._counter(self._settings.arrived_key, told.get("arrived"), remarks),
            completed_total=self._counter(self._settings.completed_key, told.get("completed"), remarks),
            oldest_s=self._oldest(told, now_s, remarks),
            remarks=(*remarks, *self._health.remarks()),
        )

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    # -- inside

    def _peeks(self) -> dict[str, Command]:
        settings = self._settings
        peeks: dict[str, Command] = {}
        if settings.arrived_key:
            peeks["arrived"] = ("GET", settings.arrived_key)
        if settings.completed_key:
            peeks["completed"] = ("GET", settings.completed_key)
        if settings.timestamp_field:
            peeks["oldest"] = ("LINDEX", settings.key, 0 if settings.taken_from == "left" else -1)
        return peeks

    def _held_commands(self) -> list[Command]:
        """Return what counts the tasks in flight; a key that is not there holds none."""
        keys = self._settings.processing_keys
        kinds = self._server.ask(*(("TYPE", key) for key in keys)) if keys else []
        for key, kind in zip(keys, kinds, strict=True):
            if kind not in {*LENGTH, b"none"}:
                what = f"key {key!r} is a {kind.decode()}, not a list, hash or set of tasks"
                raise BackendError(f"Redis at {self._server.where}: {what}")
        return [(LENGTH[kind], key) for key, kind in zip(keys, kinds, strict=True) if kind in LENGTH]

    def _counter(self, key: str, told: bytes | None, remarks: list[str]) -> float | None:
        if not key:
            return None
        if told is None:
            remarks.append(f"there is no key {key!r}: it is read as 0")
            return 0.0
        return number(told, key, self._server.where)

    def _oldest(self, told: dict[str, Any], now_s: float, remarks: list[str]) -> float | None:
        if not self._settings.timestamp_field:
            return None
        task = told["oldest"]
        if task is None:
            return 0.0
        try:
            age_s, strange = waited(timestamp_s(task, self._settings.timestamp_field), now_s)
        except ValueError as error:
            age_s, strange = None, f"the oldest task {error}: its age is not known"
        remarks += [strange] if strange else []
        return age_s


def number(told: bytes, key: str, where: str) -> float:
    """Return a counter's value.

    Raises:
        BackendError: it is no number.
    """
    try:
        value = float(told)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BackendError(f"Redis at {where}: key {key!r} has {told[:40]!r}, which is no number: is it the counter?")
    return value


def _known(settings: RedisListSettings) -> frozenset[Fact]:
    given = {
        Fact.BACKLOG: settings.key,
        Fact.IN_FLIGHT: settings.processing_keys,
        Fact.ARRIVED: settings.arrived_key,
        Fact.COMPLETED: settings.completed_key,
        Fact.OLDEST: settings.timestamp_field,
    }
    return frozenset(fact for fact, value in given.items() if value)


KIND = SourceKind(
    name="redis_list",
    summary="a list in Redis",
    settings=RedisListSettings,
    open=RedisList,
    knows={
        Fact.BACKLOG: "always: the list's length",
        Fact.IN_FLIGHT: "with processing_keys: where workers keep what they hold",
        Fact.ARRIVED: "with arrived_key: a number that producers add to",
        Fact.COMPLETED: "with completed_key: a number that workers add to",
        Fact.OLDEST: "with timestamp_field and taken_from: what a task says of when it came",
    },
    examine=examine,
    advise=advise,
    schemes=SCHEMES,
    find=find,
    needs=("redis",),
)
