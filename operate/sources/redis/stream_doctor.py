"""What `operate check` says of a stream in Redis, and which groups `operate init` finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from operate.sources.redis.doctor import MOST, key_finding, looked_at
from operate.sources.redis.server import RedisSection, RedisServer
from operate.sources.redis.stream_group import Group, group_of, names_of
from operate.template import WorkerTemplate


def examine(settings: Any) -> Sequence[Finding]:
    """Look at the server, the stream and its group, and at what the server can tell of it."""
    return looked_at("Redis", settings, _look)


def advise(settings: Any, template: WorkerTemplate | None) -> Sequence[Finding]:
    """Return what becomes of the entry in a worker's hands: it stays pending, and somebody has to claim it."""
    what, claim = "the entry in hand", f"XAUTOCLAIM {settings.key} {settings.group} consumer {{ms}} 0-0"
    try:
        with closing(RedisServer(settings)) as server:
            (pending,) = server.ask(("XPENDING", settings.key, settings.group, "-", "+", 1))
    except AutoscalingError:
        pending = []  # why it cannot be read is said by ``examine``
    idle_s = max((each["time_since_delivered"] / 1e3 for each in pending), default=0.0)
    if idle_s > settings.abandoned_after:
        detail = f"one was delivered {idle_s:.0f} s ago, is not acknowledged, and nobody has claimed it since"
        remedy = f"have workers call {claim} now and then, with more ms than a task takes; XACK what is done"
        return [Finding(what, False, detail, remedy)]
    kept = "stays pending when its worker is killed, until another claims it: do workers call"
    return [Finding(what, True, f"{kept} {claim} now and then, with more ms than a task takes?")]


def _look(settings: Any, server: RedisServer) -> Iterator[Finding]:
    stream = key_finding(server, "stream", settings.key, {b"stream"}, "name the stream in source.key")
    if "is not there" in stream.detail:
        stream = Finding(
            "stream", False, f"{settings.key!r} is not there", "XGROUP CREATE key group 0 MKSTREAM makes it"
        )
    yield stream
    if not stream.ok:
        return
    told, groups = server.ask(("XINFO STREAM", settings.key), ("XINFO GROUPS", settings.key))
    group = group_of(settings.group, told, groups)
    if group is None:
        yield Finding(
            "group", False, f"no group {settings.group!r}; there are: {names_of(groups)}", "name it in source.group"
        )
        return
    yield Finding("group", True, f"{settings.group!r}: {group.pending} pending, lag {group.lag}")
    yield _told(group)


def _told(group: Group) -> Finding:
    what = "counters"
    if group.added is None:
        return Finding(what, False, "no entries-added: arrivals are estimated", "use a server of version 7.0 or newer")
    if group.lag is None:
        remedy = "it does again once the group has caught up; do not XDEL entries that were not delivered"
        return Finding(what, False, "the server does not know the lag now: the backlog is counted", remedy)
    return Finding(what, True, f"{group.added} came, {group.completed} were finished")


def find(url: str) -> Sequence[Mapping[str, Any]]:
    """Return settings for the consumer groups of a server's streams, those with most waiting first.

    Raises:
        BackendError: it cannot be asked.
    """
    found: list[tuple[int, str, str]] = []
    with closing(RedisServer(RedisSection(url=url))) as server:
        keys = list(server.keys("stream"))
        answers = server.ask_each(*(("XINFO GROUPS", key) for key in keys)) if keys else []
    for key, groups in zip(keys, answers, strict=True):
        if not isinstance(groups, BackendError):
            found += [(-(each.get("lag") or 0), key, each["name"].decode(errors="replace")) for each in groups]
    return [{"kind": "redis_stream", "url": url, "key": key, "group": group} for _, key, group in sorted(found)[:MOST]]
