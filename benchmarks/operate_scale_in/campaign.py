"""Scale-ins while every worker is busy, again and again, and what became of the tasks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import Finding
from benchmarks.operate_scale_in.books import Books
from benchmarks.operate_scale_in.place import Place, a_place
from benchmarks.operate_scale_in.systems import MODULES, Queue, Variant
from operate.advice import of_workers
from operate.kinds import source_kinds

#: Seconds of work of a task, from and to.
WORK_S = (0.5, 2.0)
LOOK_S = 0.02
#: All is over when nothing has happened for so long, and then whatever was not done is lost.
QUIET_S = 4.0
#: A scale-in that cannot begin for so long is a fault of this program, and so is an end that does not come.
PATIENCE_S, END_S = 300.0, 300.0
#: Seconds between two times that tasks are put, where workers are idle and none waits.
PUT_EVERY_S = 0.25
#: Until a broker tells of workers that came just now: twice the time between two samples of RabbitMQ's management.
SAMPLED_S = 2.0
#: Scale-ins until the count goes up again.
STEPS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one campaign.

    Attributes:
        scale_ins: that were made, of one worker each, while all were busy.
        killed: workers that took longer than their grace.
        longest_s: the longest time that a worker took to leave by itself.
        tasks, lost, begun_again, done_again: see ``Tally``.
        kept_back: of those lost, tasks that the broker gives to somebody after a long time.
        took_s: seconds of all of it.
        findings: what `operate check` says of these workers, those that are not as they should be.
    """

    system: str
    variant: str
    words: str
    grace_s: float
    scale_ins: int
    killed: int
    longest_s: float
    tasks: int
    lost: int
    begun_again: int
    done_again: int
    kept_back: int
    took_s: float
    findings: tuple[str, ...]


class Campaign:
    """One variant of one system.

    Args:
        workers: how many there are at most.
        rng: whom a platform takes, and how long a task takes.
        quiet_s: see ``QUIET_S``.
    """

    def __init__(
        self, queue: Queue, place: Place, books: Books, workers: int, rng: random.Random, quiet_s: float = QUIET_S
    ) -> None:
        self._queue, self._place, self._books, self._rng = queue, place, books, rng
        self._workers, self._quiet_s = workers, quiet_s
        self._put_at_s = 0.0
        self.tasks = 0

    def scale_in(self, times: int, told: Callable[[int], None] = lambda done: None) -> None:
        """Scale in so many times."""
        self._put(4 * self._workers)
        for done in range(times):
            if done % STEPS == 0:
                self._grow()
            self._until(self._all_busy, PATIENCE_S)
            self._place.stop(self._rng.choice(self._place.here))
            told(done + 1)
        self._grow()
        self._until(self._all_busy, PATIENCE_S)
        seen_at_s = time.monotonic() + SAMPLED_S
        self._until(lambda: time.monotonic() > seen_at_s, PATIENCE_S)

    def settle(self) -> None:
        """Wait until all is done that will be: all that waited is taken, and done by those who live."""
        seen, since_s = (-1, -1), time.monotonic()

        def quiet() -> bool:
            nonlocal seen, since_s
            now = (self._books.began.total(), self._books.done.total())
            works = any(each.name in self._books.in_hand for each in self._place.here)
            if now != seen or works or self._place.leaving or self._queue.depth():
                seen, since_s = now, time.monotonic()
            return time.monotonic() - since_s > self._quiet_s

        self._until(quiet, END_S)

    # -- inside

    def _grow(self) -> None:
        while len(self._place.here) < self._workers:
            self._place.start()

    def _put(self, count: int) -> None:
        for _ in range(count):
            self._queue.put(self.tasks, self._rng.uniform(*WORK_S))
            self.tasks += 1

    def _all_busy(self) -> bool:
        busy = [each.name in self._books.in_hand for each in self._place.here]
        now_s = time.monotonic()
        if not all(busy) and now_s > self._put_at_s + PUT_EVERY_S and self._queue.depth() < self._workers:
            self._put(self._workers)
            self._put_at_s = now_s
        return all(busy)

    def _until(self, true: Callable[[], bool], within_s: float) -> None:
        give_up_s = time.monotonic() + within_s
        while True:
            self._place.look()
            self._books.update()
            if true():
                return
            if time.monotonic() > give_up_s:
                raise BackendError(f"{len(self._place.here)} workers, and in hand only {self._books.in_hand}")
            time.sleep(LOOK_S)


def run(
    system: str,
    variant: Variant,
    where: tuple[str, str],
    folder: Path,
    *,
    scale_ins: int,
    workers: int,
    seed: int,
    quiet_s: float = QUIET_S,
    told: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Run one variant, and return what came of it; what others left in the broker is thrown away."""
    url, watched = where
    queue: Queue = import_module(MODULES[system]).Queue(url)
    queue.clear()
    begin_s = time.monotonic()
    for old in folder.glob("*.txt"):
        old.unlink()
    books = Books(folder / "log.txt")
    try:
        with a_place(system, variant.name, url, variant.template, folder) as place:
            rng = random.Random(seed)  # noqa: S311 - a drawing of lots
            campaign = Campaign(queue, place, books, workers, rng, quiet_s)
            campaign.scale_in(scale_ins, told)
            findings = advised(queue.source(watched), variant)  # while there is something to look at
            campaign.settle()
            kept_back = queue.kept_back()
    finally:
        queue.close()
    return Outcome(
        system=system,
        variant=variant.name,
        words=variant.words,
        grace_s=variant.template.grace_s,
        scale_ins=place.stopped,
        killed=place.killed,
        longest_s=round(place.longest_s, 2),
        kept_back=kept_back,
        took_s=round(time.monotonic() - begin_s, 1),
        findings=tuple(f"{each.what}: {each.detail}; {each.remedy}" for each in findings if not each.ok),
        **asdict(books.tally(campaign.tasks)),
    )


def advised(source: Mapping[str, Any], variant: Variant) -> list[Finding]:
    """Return what `operate check` says of such workers and their queue, while they run."""
    seen: list[Finding] = []
    said: list[Finding] = []
    if kind := source_kinds().get(source["kind"]):
        settings = kind.settings.model_validate(source)
        seen += kind.examine(settings)
        said += kind.advise(settings, variant.template)
    return [*seen, *of_workers(variant.template, WORK_S[1], "the longest task here", said)]
