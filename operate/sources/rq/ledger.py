"""How many jobs were ever finished, of what RQ keeps only for a while.

Workers count what they finished in their own hash, which is gone a minute after they have left. The registries of
finished and failed jobs forget each job at its own time (result_ttl, 500 s by default), and one with a result_ttl of 0
is never in them. So both are followed from look to look, and what was counted once stays counted. Neither ever counts
a job twice, and each misses some, so the larger one is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from operate.sources.rq.settings import at_most_text

#: What is read of a worker's hash.
FIELDS = ("birth", "queues", "successful_job_count", "failed_job_count", "total_working_time")
#: Jobs that are remembered for longer than so many seconds are counted; looks may be so far apart.
AHEAD_S = 60.0


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as its hash tells.

    Attributes:
        birth: when it began, as it wrote it.
        queues: that it serves.
        jobs: that it ever finished, failed attempts among them.
        work_s: seconds that these took.
    """

    birth: str
    queues: frozenset[str]
    jobs: int
    work_s: float


def worker_of(told: Sequence[bytes | None]) -> Worker | None:
    """Return the worker of an answer to HMGET of ``FIELDS``; None: its hash is gone."""
    if all(value is None for value in told):
        return None
    birth, queues, done, failed, work_s = map(at_most_text, told)
    return Worker(birth, frozenset(queues.split(",")), int(done or 0) + int(failed or 0), float(work_s or 0.0))


@dataclass
class WorkerCounts:
    """What workers count, summed over all that were ever seen."""

    total: int = 0
    work_s: float = 0.0
    _seen: dict[bytes, Worker] = field(default_factory=dict)

    @property
    def known(self) -> list[bytes]:
        """Keys of the workers to be read again: one that has left is there for another minute."""
        return list(self._seen)

    def update(self, told: Mapping[bytes, Worker | None]) -> None:
        """Take what the hashes say now; one that is gone is forgotten, and what it had finished stays counted."""
        for key, worker in told.items():
            before = self._seen.pop(key, None)
            if worker is None:
                continue
            # Another worker of that name, or a hash that was made anew after it had expired, counts from 0.
            if before is None or before.birth != worker.birth or worker.jobs < before.jobs:
                before = Worker(worker.birth, worker.queues, 0, 0.0)
            self.total += worker.jobs - before.jobs
            self.work_s += max(worker.work_s - before.work_s, 0.0)
            self._seen[key] = worker

    def only_for(self, queues: frozenset[str]) -> bool:
        """Return whether all workers serve these queues and no others, so that what they count is jobs of these."""
        return all(worker.queues <= queues for worker in self._seen.values())


@dataclass
class RegistryCount:
    """Jobs that came into a registry, an entry's score being the time at which it is forgotten.

    Entries beyond a time in the future cannot be forgotten before then: how many more there are is how many came.
    """

    total: int = 0
    _beyond_s: float | None = None
    _count: int = 0

    def cuts(self, now_s: float) -> tuple[float, float]:
        """Return the scores beyond which entries are to be counted: of the last look, and of the next one."""
        ahead_s = now_s + AHEAD_S
        return (ahead_s if self._beyond_s is None else self._beyond_s), ahead_s

    def update(self, now_s: float, cuts: tuple[float, float], counts: tuple[int, int]) -> bool:
        """Take the counts beyond both cuts; return whether every job since the last look is among them."""
        then_s, ahead_s = cuts
        whole = self._beyond_s is None or now_s <= then_s
        if self._beyond_s is not None and whole:
            self.total += max(counts[0] - self._count, 0)  # fewer: somebody took jobs out
        self._beyond_s, self._count = ahead_s, counts[1]
        return whole


class Ledger:
    """Completions of some queues.

    Attributes:
        workers: what their workers count.
        registries: what came into their registries, by key.
        own: those workers serve no other queues, so that what they count is completions of these.
    """

    def __init__(self, queues: Sequence[str], registries: Sequence[str]) -> None:
        self.workers = WorkerCounts()
        self.registries = {key: RegistryCount() for key in registries}
        self.own = False
        self._queues = frozenset(queues)
        self._total = self._came = self._came_base = self._worked_base = 0

    @property
    def so_far(self) -> tuple[int, float, int]:
        """Jobs that workers have counted, seconds that these took, jobs that came into registries."""
        return self.workers.total, self.workers.work_s, sum(each.total for each in self.registries.values())

    def close_look(self, *, few: bool) -> tuple[int, bool]:
        """Return all completions since the first look, and whether workers' own counts are among what they follow from.

        Args:
            few: the workers are so few that all of them were read.
        """
        own = few and self.workers.only_for(self._queues)
        worked, _, came = self.so_far
        if own != self.own:  # what the workers counted until now was others' jobs, too: both go on from here
            self.own, self._came_base = own, self._came - self._total
            self._worked_base = worked - (came - self._came_base)
        told = came - self._came_base
        if own:
            told = max(told, worked - self._worked_base)
        self._total, self._came = max(self._total, told), came
        return self._total, own
