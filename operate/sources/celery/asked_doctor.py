"""What follows from what Celery's workers say of themselves: what they hold unseen, and what is lost when they stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from autoscaling_env.farm_kind import Finding
from operate.sources.celery.asked import Asked
from operate.sources.celery.settings import CelerySettings

SHOWN = 5


def of_asked(settings: CelerySettings, workers: Sequence[Asked]) -> Iterator[Finding]:
    """Give what is to be said of the workers that answered."""
    ours = [each for each in workers if set(each.queues) & set(settings.queues) and settings.serves(each.name)]
    yield from _served(settings, workers, ours)
    if not ours:
        return
    yield _slots(ours)
    yield _prefetch(settings, ours)
    yield from _solo(settings, ours)
    yield _late(ours)
    yield from _worker_lost(ours)
    if settings.on_redis:
        yield _visibility(settings, ours)


def names(each: Sequence[Any]) -> str:
    """Return some names, and how many more there are."""
    more = f" and {len(each) - SHOWN} more" if len(each) > SHOWN else ""
    return f"{', '.join(map(str, each[:SHOWN]))}{more}"


def _served(settings: CelerySettings, workers: Sequence[Asked], ours: Sequence[Asked]) -> Iterator[Finding]:
    if not workers:
        yield Finding("workers", True, "none answers now: how they are set up is not known")
        return
    unserved = [queue for queue in settings.queues if not any(queue in each.queues for each in ours)]
    if unserved:
        there = names(sorted({queue for each in workers for queue in each.queues}))
        remedy = f"name it in their command: -Q {','.join(settings.queues)}; or correct source.queues, source.workers"
        yield Finding("workers", False, f"{len(workers)} answer, and none takes from {unserved[0]!r}: {there}", remedy)
    else:
        yield Finding(
            "workers", True, f"{len(ours)} take from {', '.join(settings.queues)}: {names([w.name for w in ours])}"
        )
    others = sorted({queue for each in ours for queue in each.queues} - set(settings.queues))
    if others:
        detail = (
            f"workers of these queues take from {names(others)}, too: their tasks are counted, their backlog is not"
        )
        yield Finding("other queues", False, detail, f"source.queues: [{', '.join([*settings.queues, *others])}]")
    # One that takes from nothing is on its way out: a warm shutdown begins with giving up its queues.
    strangers = [each.name for each in workers if settings.serves(each.name) and each.queues and each not in ours]
    if strangers and settings.events and ours:
        detail = f"source.workers also means {names(strangers)}, which take from other queues: their tasks are counted"
        hosts = sorted({f"{each.name.partition('@')[0]}@*" for each in ours})
        remedy = f"start these with a name of their own (-n mail@%h), and source.workers: [{', '.join(hosts)}]"
        yield Finding("other workers", False, detail, remedy)


def _slots(ours: Sequence[Asked]) -> Finding:
    most = max(each.slots for each in ours)
    if most == 1:
        return Finding("one task each", True, "a worker works on one task at a time")
    detail = f"a worker works on {most} tasks at once; a policy takes each for a worker with one task"
    return Finding("one task each", False, detail, f"--concurrency=1 in its command, and bounds {most} times as high")


def _prefetch(settings: CelerySettings, ours: Sequence[Asked]) -> Finding:
    worst = max(ours, key=lambda each: each.prefetch / each.slots if each.prefetch else float("inf"))
    if settings.on_redis and all(each.conf.get("worker_disable_prefetch") for each in ours):
        return Finding("prefetch", True, "none: a worker takes a task when it can begin it")
    limit = f"up to {worst.prefetch}" if worst.prefetch else "without limit"
    detail = f"a worker of {worst.slots} at a time takes messages {limit}"
    if 0 < worst.prefetch <= worst.slots:
        return Finding("prefetch", True, detail)
    seen = "they are counted" if settings.events else "they are in no backlog (events: true counts them)"
    also = ", or --disable-prefetch from Celery 5.6 on" if settings.on_redis else ""
    remedy = f"worker_prefetch_multiplier=1 (--prefetch-multiplier=1) with task_acks_late=True{also}"
    return Finding("prefetch", False, f"{detail}: what it holds waits while others are idle, and {seen}", remedy)


def _solo(settings: CelerySettings, ours: Sequence[Asked]) -> Iterator[Finding]:
    solo = [each.name for each in ours if each.pool == "solo"]
    if solo and settings.events:
        detail = f"--pool=solo says nothing while it works: its task is seen only when it is done ({names(solo)})"
        remedy = "--pool=prefork --concurrency=1; or source.silent_after: longer than the longest task"
        yield Finding("pool", False, detail, remedy)


def _late(ours: Sequence[Asked]) -> Finding:
    early = sorted({name for each in ours for name, of in each.tasks.items() if of.get("acks_late") != "True"})
    if not early:
        return Finding(
            "acks_late", True, "a task is acknowledged when it is done: one whose worker is killed comes again"
        )
    detail = f"acknowledged as soon as they begin, and so lost where a worker is killed: {names(early)}"
    return Finding("acks_late", False, detail, "task_acks_late=True, where a task may run twice (idempotent)")


def _worker_lost(ours: Sequence[Asked]) -> Iterator[Finding]:
    lost = sorted(
        {
            name
            for each in ours
            if each.pool == "prefork"
            for name, of in each.tasks.items()
            if of.get("acks_late") == "True" and of.get("reject_on_worker_lost") != "True"
        }
    )
    if lost:
        detail = f"acknowledged though undone where a process of the pool is killed (out of memory): {names(lost)}"
        yield Finding("reject_on_worker_lost", False, detail, "task_reject_on_worker_lost=True, beside task_acks_late")


def _visibility(settings: CelerySettings, ours: Sequence[Asked]) -> Finding:
    what, said_s = "visibility_timeout", settings.visibility_timeout
    given = {(each.conf.get("broker_transport_options") or {}).get("visibility_timeout", 3600.0) for each in ours}
    if wrong := [each for each in given if each != said_s]:
        detail = f"workers have {wrong[0]} s, source.visibility_timeout is {said_s:g} s"
        return Finding(what, False, detail, f"source.visibility_timeout: {wrong[0]}")
    longest_s = max(_limits(ours), default=0.0)
    if longest_s >= said_s:
        detail = f"tasks may take {longest_s:g} s, and are given out again after {said_s:g} s: they would run twice"
        remedy = f"broker_transport_options={{'visibility_timeout': {2 * longest_s:g}}} in workers and producers"
        return Finding(what, False, detail, remedy)
    of_them = f"none may take so long (at most {longest_s:g} s)" if longest_s else "no task has a time_limit below it"
    detail = f"what is not acknowledged for {said_s:g} s is given out again, ETA and countdown included; {of_them}"
    return Finding(what, True, detail)


def _limits(ours: Sequence[Asked]) -> Iterator[float]:
    """Give the seconds after which tasks are broken off, where they are."""
    for each in ours:
        said = [of.get("time_limit") for of in each.tasks.values()]
        yield from (float(limit) for limit in [*said, each.conf.get("task_time_limit")] if limit and _is_number(limit))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
