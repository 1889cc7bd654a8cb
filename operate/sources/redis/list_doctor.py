"""What `operate check` says of a list in Redis, and which lists `operate init` finds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import Finding
from operate.sources.ages import timestamp_s, waited
from operate.sources.redis.doctor import MOST, key_finding, looked_at
from operate.sources.redis.server import RedisSection, RedisServer
from operate.template import WorkerTemplate

#: Lists in which workers keep what they hold, by their name.
HELD = re.compile(r"(?i)(processing|in[-_]?flight|reserved|unack|working|running)")
#: Keys of a farm of ours: it is a source of its own.
OURS = re.compile(r"\{[^}]+\}:")


def examine(settings: Any) -> Sequence[Finding]:
    """Look at the server, and at the type and content of each key."""
    return looked_at("Redis", settings, _look)


def advise(settings: Any, template: WorkerTemplate | None) -> Sequence[Finding]:
    """Return what becomes of the task in a worker's hands: in a list it is nowhere else, unless workers keep it."""
    what, held = "the task in hand", ", ".join(map(repr, settings.processing_keys))
    if held:
        kept = f"stands in {held}; what a killed worker leaves there somebody has to put back (LMOVE)"
        return [Finding(what, True, f"{kept}, or it waits for ever")]
    lost = "stands nowhere if workers take it with BRPOP or BLPOP, and one that is killed takes it along"
    other = "LMOVE into a list of each worker's own (source.processing_keys), or a stream with a group, keeps it"
    return [Finding(what, True, f"{lost}: {other}")]


def _look(settings: Any, server: RedisServer) -> Iterator[Finding]:
    yield key_finding(server, "queue", settings.key, {b"list"}, "name the list in source.key")
    for key in settings.processing_keys:
        yield key_finding(server, "in flight", key, {b"list", b"hash", b"zset", b"set"}, "source.processing_keys")
    for name in ("arrived_key", "completed_key"):
        if key := getattr(settings, name):
            yield _counter(server, name, key)
    if settings.timestamp_field:
        yield _timestamp(settings, server)


def _counter(server: RedisServer, name: str, key: str) -> Finding:
    try:
        (told,) = server.ask(("GET", key))
        value = None if told is None else float(told)
    except (BackendError, ValueError) as error:
        return Finding(name, False, f"{key!r}: {error}", f"name a number that INCR adds to in source.{name}")
    if value is None:
        return Finding(
            name, False, f"{key!r} is not there: it is read as 0", f"count there, or leave out source.{name}"
        )
    return Finding(name, True, f"{key!r} is {value:g}")


def _timestamp(settings: Any, server: RedisServer) -> Finding:
    what, remedy = "timestamp_field", "name the field with the time at which the task came"
    end = 0 if settings.taken_from == "left" else -1
    try:
        now_s, (task, other) = server.ask_at(("LINDEX", settings.key, end), ("LINDEX", settings.key, -1 - end))
        if task is None:
            return Finding(what, True, "no task waits now: nothing to try it on")
        age_s, strange = waited(timestamp_s(task, settings.timestamp_field), now_s)
        other_s, _ = waited(timestamp_s(other or task, settings.timestamp_field), now_s)
    except (BackendError, ValueError) as error:
        return Finding(what, False, f"the oldest task {error}", remedy)
    if strange or age_s is None:
        return Finding(what, False, strange, remedy)
    if other_s is not None and other_s > age_s:
        detail = (
            f"the task at the {settings.taken_from} has waited {age_s:.1f} s, the one at the other end {other_s:.1f} s"
        )
        return Finding(what, False, detail, "source.taken_from is the other end, or tasks do not come in order")
    return Finding(what, True, f"the oldest task has waited {age_s:.1f} s")


def find(url: str) -> Sequence[Mapping[str, Any]]:
    """Return settings for the lists of a server, the longest first, with the lists beside them that hold tasks.

    Raises:
        BackendError: it cannot be asked.
    """
    with closing(RedisServer(RedisSection(url=url))) as server:
        names = [name for name in server.keys("list") if not OURS.match(name)]
        waiting = [name for name in names if not HELD.search(name)] or names
        lengths = server.ask(*(("LLEN", name) for name in waiting)) if waiting else []
    by_length = sorted(zip(waiting, lengths, strict=True), key=lambda each: (-each[1], each[0]))
    return [_suggested(url, name, names) for name, _ in by_length[:MOST]]


def _suggested(url: str, key: str, names: Sequence[str]) -> dict[str, Any]:
    held = [name for name in names if name != key and HELD.search(name) and name.startswith(key)]
    return {"kind": "redis_list", "url": url, "key": key} | ({"processing_keys": held} if held else {})
