"""What `operate check` says of queues of RQ, and which queues `operate init` finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from autoscaling_env.errors import nearest
from autoscaling_env.farm_kind import Finding
from operate.sources.redis.doctor import MOST, key_finding, looked_at
from operate.sources.redis.server import RedisSection, RedisServer
from operate.sources.rq.ledger import FIELDS, Worker, worker_of
from operate.sources.rq.settings import Keys

#: Workers that are looked at.
MOST_WORKERS = 1000


def examine(settings: Any) -> Sequence[Finding]:
    """Look at the server, the queues, and who serves them."""
    return looked_at("RQ", settings, _look)


def _look(settings: Any, server: RedisServer) -> Iterator[Finding]:
    keys = Keys(settings.prefix)
    known = _names(server, keys)
    for name in settings.queues:
        yield _queue(server, keys, name, known)
    workers = _workers(server, keys, settings.queues)
    yield _served(settings.queues, workers)
    yield from _shared(settings.queues, workers)
    yield from _standing(settings, server, keys)


def _queue(server: RedisServer, keys: Keys, name: str, known: Sequence[str]) -> Finding:
    what = f"queue {name}"
    if name not in known:
        there = f"there are: {', '.join(known[:10])}" if known else "no queue has ever had a job"
        detail = f"no job was ever put on {name!r}{nearest(name, known)}; {there}"
        return Finding(what, False, detail, "name it in source.queues, or source.prefix; or wait for its first job")
    found = key_finding(server, what, keys.queue(name), {b"list"}, "name the queue in source.queues")
    if not found.ok:
        return found
    waiting, held, deferred, scheduled = server.ask(
        ("LLEN", keys.queue(name)),
        ("ZCARD", keys.started(name)),
        ("ZCARD", keys.registry("deferred", name)),
        ("ZCARD", keys.registry("scheduled", name)),
    )
    later = f"; not counted, as no worker could take them now: {deferred} deferred, {scheduled} scheduled"
    return Finding(what, True, f"{waiting} wait, {held} in hands{later if deferred or scheduled else ''}")


def _served(queues: Sequence[str], workers: Sequence[Worker]) -> Finding:
    unserved = [name for name in queues if not any(name in worker.queues for worker in workers)]
    if not workers:
        return Finding("workers", True, "none runs now, so nobody can tell which queues they serve")
    if unserved:
        remedy = f"name it in the workers' command (`rq worker {' '.join(queues)}`), or take it out of source.queues"
        return Finding("workers", False, f"{len(workers)}, and none serves {unserved[0]!r}", remedy)
    return Finding("workers", True, f"{len(workers)} serve {', '.join(queues)}")


def _shared(queues: Sequence[str], workers: Sequence[Worker]) -> Iterator[Finding]:
    others = sorted({name for worker in workers for name in worker.queues} - set(queues))
    if not others:
        return
    detail = (
        f"workers of these queues serve {', '.join(others[:5])}, too: their time goes there unseen, and completions "
        "are what comes into the registries, where jobs with a result_ttl under 60 s are not counted"
    )
    yield Finding("other queues", False, detail, f"source.queues: [{', '.join([*queues, *others][:8])}]")


def _standing(settings: Any, server: RedisServer, keys: Keys) -> Iterator[Finding]:
    (suspended,) = server.ask(("EXISTS", keys.suspended))
    if suspended:
        yield Finding("suspended", False, "workers take no jobs (`rq suspend`)", f"`rq resume --url {server.where}`")


def _names(server: RedisServer, keys: Keys) -> list[str]:
    """Return the names of all queues that ever had a job."""
    (members,) = server.ask(("SMEMBERS", keys.queues))
    names = [each.decode(errors="replace").removeprefix(keys.queue("")) for each in members]
    return sorted(names)


def _workers(server: RedisServer, keys: Keys, queues: Sequence[str]) -> list[Worker]:
    """Return the workers of these queues that live."""
    answers = server.ask(*(("SMEMBERS", keys.workers(name)) for name in queues)) if queues else []
    members = sorted(frozenset[bytes]().union(*answers))[:MOST_WORKERS]
    told = server.ask(*(("HMGET", key, *FIELDS) for key in members)) if members else []
    return [worker for worker in map(worker_of, told) if worker is not None]


def find(url: str) -> Sequence[Mapping[str, Any]]:
    """Return settings for the queues of a server, the longest first; those that a worker serves together are one.

    Raises:
        BackendError: it cannot be asked.
    """
    keys = Keys()
    with closing(RedisServer(RedisSection(url=url))) as server:
        names = _names(server, keys)
        lengths = server.ask(*(("LLEN", keys.queue(name)) for name in names)) if names else []
        workers = _workers(server, keys, names)
    waiting = dict(zip(names, map(int, lengths), strict=True))
    together = [sorted(group & set(names)) for group in _groups(names, workers)]
    together.sort(key=lambda group: (-sum(waiting[name] for name in group), group))
    return [_suggested(url, keys, group) for group in together[:MOST]]


def _groups(names: Sequence[str], workers: Sequence[Worker]) -> list[set[str]]:
    """Return the queues in groups that workers serve together."""
    groups: list[set[str]] = [{name} for name in names]
    for worker in workers:
        hit = [group for group in groups if group & worker.queues]
        groups = [group for group in groups if group not in hit] + ([set().union(*hit)] if hit else [])
    return groups


def _suggested(url: str, keys: Keys, group: Sequence[str]) -> dict[str, Any]:
    covers = [key for name in group for key in (keys.queue(name), keys.intermediate(name))]
    return {"kind": "rq", "url": url, "queues": list(group), "found": {"covers": covers}}
