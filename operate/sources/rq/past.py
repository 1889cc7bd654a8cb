"""The jobs that RQ still has, one by one: finished and failed ones, those in hands and those that wait."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np

from operate.reading import KeptTasks
from operate.sources.redis.server import Command, RedisServer
from operate.sources.rq.look import unix_s
from operate.sources.rq.settings import Keys, at_most_text, job_of

#: Jobs that are read at a time, and in all.
PAGE, MOST = 500, 100_000
#: What is read of a job. Its function stands in ``data``, a pickle, which is not opened: the description names it, too.
FIELDS = ("created_at", "enqueued_at", "started_at", "ended_at", "description")
_CALL = re.compile(r"^([A-Za-z_][\w.]*)\(")


def kept(server: RedisServer, keys: Keys, queues: Sequence[str], since_s: float) -> KeptTasks:
    """Return the jobs of the last ``since_s`` seconds that are still there.

    Raises:
        BackendError: they cannot be read.
    """
    now_s, _ = server.ask_at(("EXISTS", keys.queues))
    jobs: dict[bytes, tuple[float, float, str]] = {}
    seen, nameless, whole = 0, 0, True
    for ids in _pages(server, keys, queues):
        new = [job for job in ids if job not in jobs][: MOST - seen]
        whole, seen = whole and len(new) == len({*ids} - {*jobs}), seen + len(new)
        for job, told in zip(new, _told(server, keys, new), strict=True):
            came_s, work_s, name = _job(told)
            if came_s >= now_s - since_s:
                jobs[job] = (came_s, work_s, name)
                nameless += not name
        if not whole:
            break
    ordered = sorted(jobs.values())
    return KeptTasks(
        came_s=np.array([came_s for came_s, _, _ in ordered], dtype=np.float64),
        work_s=np.array([work_s for _, work_s, _ in ordered], dtype=np.float64),
        names=tuple(name for _, _, name in ordered),
        remarks=tuple(_remarks(nameless, whole=whole)),
    )


def _pages(server: RedisServer, keys: Keys, queues: Sequence[str]) -> Iterator[list[bytes]]:
    """Give ids of jobs, those that ended last first; a job may come twice."""
    for name in queues:
        kinds = [(keys.registry(kind, name), "ZREVRANGE") for kind in ("finished", "failed")]
        kinds += [(keys.started(name), "ZRANGE"), (keys.intermediate(name), "LRANGE"), (keys.queue(name), "LRANGE")]
        for key, command in kinds:
            begin, ids = 0, [b""]
            while ids:
                (ids,) = server.ask((command, key, begin, begin + PAGE - 1))
                begin += PAGE
                yield [job_of(member) for member in ids] if key == keys.started(name) else ids


def _told(server: RedisServer, keys: Keys, ids: Sequence[bytes]) -> list[Sequence[bytes | None]]:
    commands: list[Command] = [("HMGET", keys.job("").encode() + job, *FIELDS) for job in ids]
    return server.ask(*commands) if commands else []


def _job(told: Sequence[bytes | None]) -> tuple[float, float, str]:
    """Return when a job came, how long it took (NaN: nobody knows) and what it was; one that is gone never came."""
    created, enqueued, began, ended, description = told
    came_s = unix_s(enqueued) or unix_s(created)
    began_s, ended_s = unix_s(began), unix_s(ended)
    call = _CALL.match(at_most_text(description))
    return (
        -math.inf if came_s is None else came_s,
        ended_s - began_s if began_s and ended_s and ended_s >= began_s else math.nan,
        call[1] if call else "",
    )


def _remarks(nameless: int, *, whole: bool) -> Iterator[str]:
    yield (
        "RQ forgets a finished job after its result_ttl (500 s where nobody says more) and at once where that is 0: "
        "what came before looks quieter than it was"
    )
    if nameless:
        yield f"jobs with a description of their own, which does not name their function: {nameless}"
    if not whole:
        yield f"more than {MOST} jobs are kept: those that ended last were read"
