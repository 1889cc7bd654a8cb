"""What is asked of Redis for one reading of one queue of RQ, and what the answers say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operate.sources.redis.server import Command
from operate.sources.rq.settings import Keys, job_of

#: Jobs at the head of a queue that are asked when they came: some come in front (at_front), and some are gone.
HEADS = 3
#: Jobs that are asked how long they took, of those that ended last.
ENDED = 20
#: Jobs in hands that are compared with those that were taken and not begun.
MOST_HELD = 500
#: Jobs that were taken and not begun, of which each is looked at.
MOST_TAKEN = 100
#: A scheduled job that is so late is not enqueued by anybody.
OVERDUE_S = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One queue at one instant.

    Attributes:
        waiting: jobs that wait.
        heads: ids of the first of them.
        held: jobs in hands, those that a worker has taken and not begun among them.
        taken: ids of the latter.
        given_up: jobs in hands of workers that do not answer any more; in none of the others.
        workers: keys of those that serve it.
        overdue: scheduled jobs that nobody enqueues.
        ended: ids of jobs that ended last.
    """

    waiting: int
    heads: Sequence[bytes]
    held: int
    taken: frozenset[bytes]
    given_up: int
    workers: frozenset[bytes]
    overdue: int
    ended: Sequence[bytes]


def questions(keys: Keys, name: str, now_s: float) -> list[Command]:
    """Return what is asked of a queue; ``answered`` reads the answers."""
    started = keys.started(name)
    return [
        ("LLEN", keys.queue(name)),
        ("LRANGE", keys.queue(name), 0, HEADS - 1),
        ("LLEN", keys.intermediate(name)),
        ("LRANGE", keys.intermediate(name), 0, MOST_TAKEN - 1),
        ("ZCARD", started),
        ("ZCOUNT", started, f"({now_s:.0f}", "+inf"),
        ("ZRANGEBYSCORE", started, f"({now_s:.0f}", "+inf", "LIMIT", 0, MOST_HELD),
        ("SMEMBERS", keys.workers(name)),
        ("ZCOUNT", keys.registry("scheduled", name), "-inf", f"{now_s - OVERDUE_S:.0f}"),
        ("ZREVRANGEBYSCORE", keys.registry("finished", name), "(+inf", "-inf", "LIMIT", 0, ENDED),
    ]


#: Questions of a queue.
QUESTIONS = len(questions(Keys(), "", 0.0))


def answered(answers: Sequence[Any]) -> Seen:
    """Return what the answers to ``questions`` say."""
    waiting, heads, moved, taken, started, alive, held, workers, overdue, ended = answers
    begun = {job_of(member) for member in held} | set(held)
    not_begun = frozenset(taken) - begun
    return Seen(
        waiting=int(waiting),
        heads=heads,
        held=int(alive) + len(not_begun) + int(moved) - len(taken),
        taken=not_begun,
        given_up=int(started) - int(alive),
        workers=frozenset(workers),
        overdue=int(overdue),
        ended=ended,
    )


def unix_s(told: bytes | None) -> float | None:
    """Return the Unix time of what RQ writes of a time, always UTC; None: it says none."""
    try:
        at = datetime.fromisoformat(told.decode()) if told else None
    except (ValueError, UnicodeDecodeError):
        return None
    return None if at is None else (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
