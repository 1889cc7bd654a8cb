"""What the doctors of all queues in Redis have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from operate.sources.redis.server import RedisServer

#: Most queues that are suggested, the longest first.
MOST = 20


def looked_at(what: str, settings: Any, look: Callable[[Any, RedisServer], Iterator[Finding]]) -> list[Finding]:
    """Return what ``look`` finds on the server of these settings; ``what`` is what cannot be read without it."""
    try:
        with closing(RedisServer(settings)) as server:
            return list(look(settings, server))
    except AutoscalingError as error:
        return [Finding(what, False, str(error), "correct source.url, or start the server")]


def key_finding(server: RedisServer, what: str, key: str, kinds: set[bytes], remedy: str) -> Finding:
    """Return whether a key is of one of these types; one that is not there is an empty queue, or a wrong name."""
    try:
        (kind,) = server.ask(("TYPE", key))
    except BackendError as error:
        remedy = "correct source.url, or start the server; an account needs +@read on the key (ACL)"
        return Finding(what, False, str(error), remedy)
    if kind == b"none":
        return Finding(what, True, f"{key!r} is not there now: it is empty, or its name is another")
    detail = f"{key!r} is a {kind.decode()} at {server.where}"
    return Finding(what, kind in kinds, detail, "" if kind in kinds else remedy)
