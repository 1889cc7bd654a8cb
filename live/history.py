"""The history checker: from the events of an episode, what became of every task.

A line of the history is ``us kind task worker token``: the server's clock in microseconds, what happened, the
task's number, the worker, and the fencing token. Tasks: enqueued, claimed, finished, collected, and when things go
wrong expired, orphaned, failed, returned, fenced, dead, duplicate, unexpected. Workers: ready, left, died, silent.
Whoever reads the history adds what the farm held at that moment: ``looked``, and ``present`` for each task waiting, in
a worker's hands or not collected yet. So a task that is nowhere is known to be lost before the episode has ended.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from live.errors import speaking_ours
from live.wire.keys import key

if TYPE_CHECKING:
    from redis import Redis

#: Ends of a delivery that brought no result.
INTERRUPTED = ("expired", "orphaned", "failed", "returned")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history. ``task`` and ``worker`` are "-" where they do not apply."""

    at_us: int
    kind: str
    task: str
    worker: str
    token: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker found. Every task is in exactly one of ok, recovered, dead, lost, duplicated, pending.

    Attributes:
        ok: delivered once, one result, collected once.
        recovered: delivered more than once, one result counted, collected once.
        dead: given up after the allowed deliveries, and collected once as dead.
        lost: enqueued (or due when the episode was complete), and neither collected nor anywhere in the farm.
        duplicated: more than one result counted, or collected more than once.
        pending: still in the farm when the history ends (a truncated episode).
        unexpected: events about tasks that were never enqueued, or a second copy of one.
        fenced: late results that were refused.
        recovery_s: for each recovered task, real seconds from the claim that first came to nothing to its result.
        problems: one line for each task that is lost or duplicated or unexpected, the first few.
    """

    ok: int
    recovered: int
    dead: int
    lost: int
    duplicated: int
    pending: int
    unexpected: int
    fenced: int
    recovery_s: tuple[float, ...]
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Nothing lost, nothing counted twice, nothing from outside."""
        return not (self.lost or self.duplicated or self.unexpected)

    def counts(self) -> dict[str, int]:
        """Return the numbers by name, for a table."""
        names = ("ok", "recovered", "dead", "lost", "duplicated", "pending", "unexpected", "fenced")
        return {name: getattr(self, name) for name in names}


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Read history lines."""
    for line in lines:
        at_us, kind, task, worker, token = line.split(" ")
        yield Event(int(at_us), kind, task, worker, int(token))


def read_history(client: Redis, farm: str, page: int = 10_000) -> list[Event]:
    """Read the history of the farm's running (or last) episode up to now, and what the farm holds now."""
    with speaking_ours(farm):
        count, held = _held(client, farm)
        lines: list[str] = []
        while len(lines) < count:
            more = client.lrange(key(farm, "history"), len(lines), min(count, len(lines) + page) - 1)
            if not more:
                break  # emptied meanwhile
            lines += map(str, more)
    return [*parse(lines), *held]


def _held(client: Redis, farm: str) -> tuple[int, list[Event]]:
    """Return the length of the history and what the farm holds, both of one instant."""
    with client.pipeline(transaction=True) as at_once:
        at_once.time()
        at_once.llen(key(farm, "history"))
        at_once.lrange(key(farm, "worker_queue"), 0, -1)
        at_once.hkeys(key(farm, "leased"))
        at_once.lrange(key(farm, "result_queue"), 0, -1)
        (seconds, us), count, waiting, leased, results = at_once.execute()
    at_us = seconds * 1_000_000 + us
    tasks = [*leased, *filter(None, map(_number, [*waiting, *results]))]
    return count, [Event(at_us, "looked", "-", "-", 0), *(Event(at_us, "present", task, "-", 0) for task in tasks)]


def _number(text: str) -> str:
    """Return the number of a task or result; "" for what somebody else put there."""
    try:
        return str(int(json.loads(text)["id"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return ""


def verify(events: Iterable[Event], tasks: int, *, complete: bool = True, most_problems: int = 20) -> Verdict:
    """Check what became of tasks ``0 .. tasks - 1``.

    Args:
        events: the history in order.
        tasks: how many tasks the episode's batch has.
        complete: the episode ran to its end, so that a task without an end is lost; else it is pending, unless the
            history ends with what the farm held and the task is not there.
        most_problems: the most lines in ``problems``.
    """
    events = list(events)
    by_task = _by_task(events)
    looked = any(event.kind == "looked" for event in events)
    fates: Counter[str] = Counter()
    problems, recovery_s = [], []
    for number in range(tasks):
        own = by_task.pop(str(number), [])
        fate = _fate(own, complete, looked)
        fates[fate] += 1
        if fate in {"lost", "duplicated"}:
            problems.append(f"task {number} {fate}: {_story(own)}")
        if fate == "recovered":
            recovery_s.append(_recovery_s(own))
    strange = [event for event in events if event.kind in {"unexpected", "duplicate"}]
    problems += [f"task {event.task}: a second copy ({event.kind}) at {event.at_us} us" for event in strange]
    problems += [f"task {number} was never part of the episode: {_story(own)}" for number, own in by_task.items()]
    return Verdict(
        **{name: fates[name] for name in ("ok", "recovered", "dead", "lost", "duplicated", "pending")},
        unexpected=len(strange) + len(by_task),
        fenced=sum(event.kind == "fenced" for event in events),
        recovery_s=tuple(recovery_s),
        problems=tuple(problems[:most_problems]),
    )


def _by_task(events: Iterable[Event]) -> dict[str, list[Event]]:
    by_task: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.task != "-":
            by_task[event.task].append(event)
    return by_task


def _fate(events: list[Event], complete: bool, looked: bool) -> str:
    count: Mapping[str, int] = Counter(event.kind for event in events)
    if count["finished"] + count["dead"] > 1 or count["collected"] > 1 or count["enqueued"] > 1:
        return "duplicated"
    if not count["collected"]:
        gone = looked and count["enqueued"] and not count["present"]
        return "lost" if complete or gone else "pending"
    if not (count["enqueued"] and count["claimed"] and count["finished"] + count["dead"]):
        return "lost"
    if count["dead"]:
        return "dead"
    return "ok" if count["claimed"] == 1 else "recovered"


def _recovery_s(events: list[Event]) -> float:
    """From the first claim that came to nothing until the result that counts."""
    claimed = [event.at_us for event in events if event.kind == "claimed"]
    finished = [event.at_us for event in events if event.kind == "finished"]
    return (finished[-1] - claimed[0]) / 1e6


def _story(events: list[Event]) -> str:
    return ", ".join(f"{event.kind} {event.worker} {event.token}" for event in events) or "no event at all"
