"""Jobs of RQ: those that wait, those in hands, those that were finished, and how long they took.

Everything is read by plain commands. RQ's own classes would do it in fewer lines, but ``Queue`` and the registries
clean up whenever they are read: they fail jobs of dead workers, and forget others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from operate.kinds import SourceKind
from operate.reading import Fact, KeptTasks, Reading
from operate.sources.ages import waited
from operate.sources.redis.health import Health
from operate.sources.redis.server import SCHEMES, Command, RedisServer
from operate.sources.rq.advice import advise
from operate.sources.rq.doctor import examine, find
from operate.sources.rq.ledger import FIELDS, Ledger, worker_of
from operate.sources.rq.look import QUESTIONS, Seen, answered, questions, unix_s
from operate.sources.rq.past import kept
from operate.sources.rq.settings import Keys, RqSettings

#: Workers that are read one by one; beyond, what came into the registries is counted.
MOST_WORKERS = 500
#: A job that a worker took and did not begin for so long is stuck: that worker is dead.
STUCK_S = 60.0
#: Registries of jobs that ended.
ENDINGS = ("finished", "failed")
_KNOWN = frozenset({Fact.BACKLOG, Fact.IN_FLIGHT, Fact.COMPLETED, Fact.SERVICE, Fact.OLDEST})


class Rq:
    """Reads some queues of one server in two round trips: the second asks the workers and jobs that the first named."""

    def __init__(self, settings: RqSettings, wall: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._keys = Keys(settings.prefix)
        self._server = RedisServer(settings, wall)
        self._health = Health(self._server, wall)
        self._wall = wall
        self._ahead_s = 0.0  # of the server's clock
        endings = [self._keys.registry(kind, name) for name in settings.queues for kind in ENDINGS]
        self._ledger = Ledger(settings.queues, endings)
        self._looked_s: float | None = None
        self._taken: dict[bytes, float] = {}
        self.knows = _KNOWN

    @property
    def described(self) -> str:
        """The queues and their server."""
        return f"RQ {', '.join(map(repr, self._settings.queues))} at {self._server.where}"

    def read(self) -> Reading:
        """Return what is true now."""
        guess_s = self._wall() + self._ahead_s
        known, (workers, registries) = self._ledger.workers.known, (self._ledger.workers, self._ledger.registries)
        cuts = {key: each.cuts(guess_s) for key, each in registries.items()}
        before = self._ledger.so_far
        now_s, (suspended, *answers) = self._server.ask_at(
            ("EXISTS", self._keys.suspended),
            *(each for name in self._settings.queues for each in questions(self._keys, name, guess_s)),
            *(_beyond(key, cut) for key, pair in cuts.items() for cut in pair),
            *(("HMGET", key, *FIELDS) for key in known),
        )
        self._ahead_s = now_s - self._wall()
        answer = iter(answers)
        seen = [answered([next(answer) for _ in range(QUESTIONS)]) for _ in self._settings.queues]
        whole = [each.update(guess_s, cuts[key], (next(answer), next(answer))) for key, each in registries.items()]
        workers.update(dict(zip(known, map(worker_of, answer), strict=True)))
        remarks = [*self._remarks(seen, bool(suspended), now_s), *self._health.remarks()]
        return self._reading(seen, before, all(whole), now_s, remarks)

    def kept(self, since_s: float) -> KeptTasks:
        """Return the jobs of the last ``since_s`` seconds that RQ still has.

        Raises:
            BackendError: they cannot be read.
        """
        return kept(self._server, self._keys, self._settings.queues, since_s)

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    # -- inside

    def _reading(
        self, seen: Sequence[Seen], before: tuple[int, float, int], whole: bool, now_s: float, remarks: list[str]
    ) -> Reading:
        """Ask what the first answers named, and put all together."""
        ledger, heads = self._ledger, [job for each in seen for job in each.heads]
        workers = frozenset[bytes]().union(*(each.workers for each in seen))
        new = sorted(workers.difference(ledger.workers.known))[:MOST_WORKERS]
        ended = [job for each in seen for job in each.ended] if self._asks_jobs(before) else []
        answers = self._second(new, heads, ended)
        ledger.workers.update(dict(zip(new, map(worker_of, answers[: len(new)]), strict=True)))
        completed, own = ledger.close_look(few=len(workers) <= MOST_WORKERS)
        if not (told := whole or own):
            remarks.append("nobody looked for more than a minute: what was finished meanwhile is not known")
        oldest_s = self._oldest_s(answers[len(new) : len(new) + len(heads)], now_s, remarks)
        service_s = self._service_s(before, own, answers[len(new) + len(heads) :])
        self._looked_s = now_s
        return Reading(
            backlog=float(sum(each.waiting for each in seen)),
            in_flight=float(sum(each.held for each in seen)),
            completed_total=float(completed) if told else None,
            service_s=service_s,
            oldest_s=oldest_s,
            remarks=tuple(remarks),
        )

    def _asks_jobs(self, before: tuple[int, float, int]) -> bool:
        """Return whether jobs are asked how long they took: their workers cannot tell, or are not known yet."""
        jobs, _, came = self._ledger.so_far
        return self._looked_s is None or not self._ledger.own or (came > before[2] and jobs == before[0])

    def _second(self, new: Sequence[bytes], heads: Sequence[bytes], ended: Sequence[bytes]) -> list[Any]:
        prefix = self._keys.job("").encode()
        commands: list[Command] = [("HMGET", key, *FIELDS) for key in new]
        commands += [("HGET", prefix + job, "enqueued_at") for job in heads]
        commands += [("HMGET", prefix + job, "started_at", "ended_at") for job in ended]
        return self._server.ask(*commands) if commands else []

    def _oldest_s(self, came: Sequence[bytes | None], now_s: float, remarks: list[str]) -> float | None:
        """Return the age of the oldest of the first jobs: one that was put in front is young."""
        if not came:
            return 0.0
        ages = [waited(at_s, now_s) for at_s in map(unix_s, came) if at_s is not None]
        known = [(age_s, strange) for age_s, strange in ages if age_s is not None]
        if not known:
            remarks.append("the first jobs say no time at which they came, or are gone: their age is not known")
            return None
        oldest_s, strange = max(known)
        remarks += [strange] if strange else []
        return oldest_s

    def _service_s(self, before: tuple[int, float, int], own: bool, times: Sequence[Sequence[bytes | None]]) -> Any:
        """Return the mean of the jobs that ended since the last look; of those that ended last, at the first one."""
        jobs, work_s, _ = (now - then for now, then in zip(self._ledger.so_far, before, strict=True))
        mean_s = work_s / jobs if own and jobs > 0 else None
        if self._looked_s is not None and mean_s is not None:
            return mean_s
        pairs = [(unix_s(began), unix_s(ended)) for began, ended in times]
        since_s = self._looked_s or 0.0
        took = [ended - began for began, ended in pairs if began and ended and ended >= max(since_s, began)]
        return float(np.mean(took)) if took else mean_s

    def _remarks(self, seen: Sequence[Seen], suspended: bool, now_s: float) -> Iterator[str]:
        taken = {job for each in seen for job in each.taken}
        self._taken = {job: self._taken.get(job, now_s) for job in taken}
        stuck = sum(now_s - since_s > STUCK_S for since_s in self._taken.values())
        if suspended:
            yield "RQ is suspended: workers take no jobs until `rq resume`"
        if stuck:
            yield f"jobs that a worker took and never began: {stuck}; RQ fails them at its next clean-up"
        if given_up := sum(each.given_up for each in seen):
            yield f"jobs in hands of workers that no longer answer: {given_up}; not counted, RQ cleans up by and by"
        if overdue := sum(each.overdue for each in seen):
            yield f"scheduled jobs that are due and not enqueued: {overdue}; does a worker run --with-scheduler?"


def _beyond(key: str, cut_s: float) -> Command:
    """Return the question how many entries of a registry are forgotten later than that."""
    return ("ZCOUNT", key, f"({cut_s:.3f}", "+inf")


KIND = SourceKind(
    name="rq",
    summary="queues of RQ (Redis Queue)",
    settings=RqSettings,
    open=Rq,
    knows={
        Fact.BACKLOG: "always: the lengths of the queues",
        Fact.IN_FLIGHT: "always: started jobs, and those that were taken and not begun",
        Fact.COMPLETED: "always: what workers count, or what comes into the registries",
        Fact.SERVICE: "always: what workers count, or started_at and ended_at of jobs",
        Fact.OLDEST: "always: enqueued_at of the first jobs",
    },
    examine=examine,
    advise=advise,
    schemes=SCHEMES,
    find=find,
    needs=("redis",),
)
