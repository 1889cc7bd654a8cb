"""Results that Celery keeps in Redis (``celery-task-meta-<id>``): when a task was done, and what it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import numpy as np

from operate.reading import KeptTasks
from operate.sources.celery.settings import CelerySettings, redis_url
from operate.sources.redis.server import RedisSection, RedisServer

#: Results that are read at most, and so many at once: there is no order among them.
MOST, AT_ONCE = 100_000, 500
PATTERN = "*celery-task-meta-*"

LIMITS = (
    "of results only the end of a task is known (date_done): it is taken for its arrival, and how long the work took "
    "is not known; results expire (result_expires, a day), and tasks with ignore_result leave none"
)
NAMELESS = "results have no names of tasks: result_extended=True keeps them"


def results(settings: CelerySettings, since_s: float, wall: Callable[[], float]) -> KeptTasks:
    """Return the tasks that were done since a Unix time, in the order in which they were.

    Raises:
        BackendError: the server cannot be read.
    """
    url = redis_url(settings.result_backend)
    section = RedisSection(url=url, ca_file=settings.ca_file if url.startswith("rediss://") else "")
    found: list[tuple[float, str]] = []
    seen = 0
    with closing(RedisServer(section, wall)) as server:
        for keys in _keys(server):
            seen += len(keys)
            (values,) = server.ask(("MGET", *keys))
            found += [each for each in map(_read, values) if each is not None and each[0] >= since_s]
    found.sort()
    remarks = [LIMITS]
    if found and not any(name for _, name in found):
        remarks.append(NAMELESS)
    if seen >= MOST:
        remarks.append(f"only {MOST} results were read: there are more")
    came_s = np.array([at_s for at_s, _ in found], dtype=np.float64)
    return KeptTasks(came_s, np.full(len(found), np.nan), tuple(name for _, name in found), tuple(remarks))


def _keys(server: RedisServer) -> Iterator[list[bytes]]:
    """Give the keys of results, some at a time."""
    cursor, seen, looked = 0, 0, 0
    while True:
        ((cursor, keys),) = server.ask(("SCAN", cursor, "MATCH", PATTERN, "COUNT", AT_ONCE))
        seen, looked = seen + len(keys), looked + 1
        if keys:
            yield keys
        if not cursor or seen >= MOST or looked > 20 * MOST / AT_ONCE:
            return


def _read(value: bytes | None) -> tuple[float, str] | None:
    """Return when a task was done and its name; None where it is not done, or this is no result."""
    try:
        told = json.loads(value or b"")
        at = datetime.fromisoformat(told["date_done"])
        name = str(told.get("name") or "")[:200]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp(), name
