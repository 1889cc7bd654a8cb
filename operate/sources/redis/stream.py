"""Tasks in a Redis stream with a consumer group: lag is the backlog, pending is what workers hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from autoscaling_env.errors import BackendError
from operate.kinds import SourceKind
from operate.reading import Fact, Reading
from operate.sources.ages import waited
from operate.sources.redis.health import Health
from operate.sources.redis.server import SCHEMES, RedisSection, RedisServer
from operate.sources.redis.stream_doctor import advise, examine, find
from operate.sources.redis.stream_group import Group, Waiting, group_of, id_s, names_of

#: Entries that are counted at most where the server does not tell the lag.
MOST_COUNTED = 1000
Name = Annotated[str, Field(min_length=1)]


class RedisStreamSettings(RedisSection):
    """A queue that is a stream in Redis, read by a consumer group that acknowledges (XACK) what is finished."""

    kind: Literal["redis_stream"] = "redis_stream"
    """A stream in Redis with a consumer group."""
    key: Name
    """The stream."""
    group: Name
    """The consumer group of the workers."""
    ids_are_times: bool = True
    """Entries have the ids that the server gives them (`XADD key *`), which say when they came."""
    abandoned_after: Annotated[float, Field(gt=0, le=1e9)] = 600.0
    """Seconds after which an entry that was delivered, not acknowledged and not claimed since is remarked upon."""


class RedisStream:
    """Reads one group of one stream."""

    def __init__(self, settings: RedisStreamSettings, wall: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._server = RedisServer(settings, wall)
        self._health = Health(self._server, wall)
        told = {Fact.BACKLOG, Fact.IN_FLIGHT, Fact.ARRIVED, Fact.COMPLETED}
        self.knows = frozenset(told | ({Fact.OLDEST} if settings.ids_are_times else set()))

    @property
    def described(self) -> str:
        """The stream, the group and the server."""
        return f"Redis stream {self._settings.key!r}, group {self._settings.group!r} at {self._server.where}"

    def read(self) -> Reading:
        """Return what is true now, in two round trips: the second one looks at the first entry that waits."""
        settings = self._settings
        now_s, (stream, groups) = self._server.ask_at(("XINFO STREAM", settings.key), ("XINFO GROUPS", settings.key))
        group = self._group(stream, groups)
        after = b"(" + group.last_delivered
        count = 1 if group.lag is not None else MOST_COUNTED
        entries, pending = self._server.ask(
            ("XRANGE", settings.key, after, "+", "COUNT", count),
            ("XPENDING", settings.key, settings.group, "-", "+", 1),
        )
        waiting = Waiting([each[0] for each in entries], MOST_COUNTED)
        remarks = [*self._abandoned(pending)]
        backlog = self._backlog(group, waiting, remarks)
        return Reading(
            backlog=backlog,
            in_flight=float(group.pending),
            arrived_total=_known(group.added, remarks, "entries-added: the server is older than 7.0"),
            completed_total=_known(group.completed, remarks, "entries-read, until the group has caught up once"),
            oldest_s=self._oldest(waiting, now_s, remarks),
            remarks=(*remarks, *self._health.remarks()),
        )

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    # -- inside

    def _group(self, stream: Mapping[str, Any], groups: list[Mapping[str, Any]]) -> Group:
        found = group_of(self._settings.group, stream, groups)
        if found is None:
            raise BackendError(f"{self.described}: there is no such group; there are: {names_of(groups)}")
        return found

    def _backlog(self, group: Group, waiting: Waiting, remarks: list[str]) -> float:
        if group.lag is None:
            backlog = waiting.estimate(group)
            how = "counted" if waiting.whole else "estimated, for more than are counted wait"
            remarks.append(f"the server does not tell the lag (entries were deleted, or skipped): {how}")
            return backlog
        if group.lag > group.length:
            lost = group.lag - group.length
            remarks.append(f"{lost} entries or more were trimmed before they were delivered; the lag counts them")
            return float(group.length)
        return float(group.lag)

    def _oldest(self, waiting: Waiting, now_s: float, remarks: list[str]) -> float | None:
        if not self._settings.ids_are_times:
            return None
        if not waiting.ids:
            return 0.0
        age_s, strange = waited(id_s(waiting.ids[0]), now_s)
        remarks += [strange] if strange else []
        return age_s

    def _abandoned(self, pending: list[Mapping[str, Any]]) -> list[str]:
        idle_s = max((each["time_since_delivered"] / 1e3 for each in pending), default=0.0)
        if idle_s <= self._settings.abandoned_after:
            return []
        return [f"the oldest entry in flight was delivered {idle_s:.0f} s ago: is its consumer alive?"]


def _known(value: int | None, remarks: list[str], why: str) -> float | None:
    if value is None:
        remarks.append(f"the server does not tell {why}")
        return None
    return float(value)


KIND = SourceKind(
    name="redis_stream",
    summary="a stream in Redis with a consumer group",
    settings=RedisStreamSettings,
    open=RedisStream,
    knows={
        Fact.BACKLOG: "always: the group's lag; where the server cannot tell it, entries are counted",
        Fact.IN_FLIGHT: "always: the group's pending entries",
        Fact.ARRIVED: "always, from version 7.0 on: entries-added",
        Fact.COMPLETED: "always, from version 7.0 on: entries-read without those pending",
        Fact.OLDEST: "where entries have the ids that the server gives them",
    },
    examine=examine,
    advise=advise,
    schemes=SCHEMES,
    find=find,
    needs=("redis",),
)
