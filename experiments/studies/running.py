"""Keeps a scheduler busy until each cell of a study is finished, has failed for good, or waits for one that has."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from experiments.schedulers.scheduler import LOOK_S, Ended, Scheduler
from experiments.studies.carrying import Job, Outcome, carry_out
from experiments.studies.cells import Cell
from experiments.studies.costs import Remaining, costs_of
from experiments.studies.file import Study
from experiments.studies.progress import Interim, Progress, SilentStudy, StudyListener
from experiments.studies.queueing import Queue
from experiments.studies.store import FAILED, STUDIES, Store, failures, finished, manifests, sweep, write_json
from experiments.studies.versions import code_version

#: Real seconds between two times that a person is told, and between two that it is written down.
TELL_S, WRITE_S = 0.5, 2.0
#: Times that a cell is tried where a machine may be at fault.
ATTEMPTS = 5
#: Titles of running cells that are told.
SHOWN = 8


@dataclass(frozen=True, slots=True)
class StudyRun:
    """How a run of a study ended.

    Attributes:
        progress: at its end.
        failed: title of each cell that failed -> its error.
        interrupted: it was stopped; the next run goes on.
    """

    progress: Progress
    failed: Mapping[str, str]
    interrupted: bool

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {"progress": asdict(self.progress), "failed": dict(self.failed), "interrupted": self.interrupted}


def run_cells(
    study: Study,
    cells: Sequence[Cell],
    store: Store,
    make_scheduler: Callable[[], Scheduler],
    *,
    attempts: int = ATTEMPTS,
    listener: StudyListener | None = None,
    stop: threading.Event | None = None,
    carry_out: Callable[[Job], Outcome] = carry_out,
) -> StudyRun:
    """Run the cells that are not finished; what is, is left as it is.

    Args:
        study: whose cells they are.
        cells: trainings before the evaluations that need them.
        store: where results lie.
        make_scheduler: starts what carries them out; it is not started where nothing is to be done.
        attempts: times that a cell is tried where a machine may be at fault.
        listener: is told how far it is.
        stop: when set, the run ends, as with Ctrl-C.
        carry_out: what is called for each cell, importable by name.
    """
    run = _Run(study, cells, store, attempts, listener or SilentStudy(), carry_out)
    interrupted = False
    try:
        if run.queue.left:
            with make_scheduler() as scheduler:
                run.go(scheduler, stop)
    except KeyboardInterrupt:
        interrupted = True
    run.leave()
    return StudyRun(run.progress(), dict(run.failed), interrupted)


class _Run:
    """A run as it goes on."""

    def __init__(
        self,
        study: Study,
        cells: Sequence[Cell],
        store: Store,
        attempts: int,
        listener: StudyListener,
        carry_out: Callable[[Job], Outcome],
    ) -> None:
        self._study, self._store, self._listener = study, store, listener
        self._carry_out = carry_out
        self._attempts, self._id, self._code = attempts, uuid.uuid4().hex[:12], code_version()
        self._named = defaultdict[str, list[Cell]](list)
        for cell in cells:
            self._named[cell.address].append(cell)
        done = finished(store) & set(self._named)
        known = manifests(store, sorted(done))
        self._costs = costs_of({cell.address: cell for cell in cells}, known)
        self._interim = Interim(study.report.metric)
        for address, manifest in known.items():
            self._count(address, manifest["figures"])
        self.queue = Queue(cells, done, self._costs.of, attempts)
        self._failed_before = set(failures(store, [cell.address for cell in self.queue.todo()]))
        self._remaining = Remaining(self.queue.todo())
        self.failed: dict[str, str] = {}
        self._running: dict[str, Cell] = {}
        self._where, self._slots, self._handed_out = "", 1, 0
        self._started = time.monotonic()
        self._told = self._written = float("-inf")

    def go(self, scheduler: Scheduler, stop: threading.Event | None) -> None:
        """Run until nothing is left."""
        self._where = scheduler.describe()
        while self.queue.left:
            if stop is not None and stop.is_set():
                raise KeyboardInterrupt
            self._slots = scheduler.slots
            self._hand_out(scheduler)
            if not self._running:
                time.sleep(LOOK_S)
            for ended in scheduler.wait(LOOK_S):
                self._take(_outcome(ended))
            self._tell()

    def leave(self) -> None:
        """Tell how it ended, and remove what attempts left that came to nothing."""
        self._running.clear()
        self._tell(at_once=True)
        sweep(self._store, sorted(self.queue.again & self.queue.done))

    def progress(self) -> Progress:
        """Return how far it is."""
        queue = self.queue
        return Progress(
            total=queue.total,
            done=len(queue.done),
            running=len(self._running),
            failed=len(queue.failed),
            blocked=len(queue.blocked),
            elapsed_s=time.monotonic() - self._started,
            eta_s=self._remaining.cost_s(self._costs) / max(1, self._slots),
            where=self._where,
            hands=tuple(cell.title() for _, cell in zip(range(SHOWN), self._running.values(), strict=False)),
        )

    def _hand_out(self, scheduler: Scheduler) -> None:
        while len(self._running) < self._slots * scheduler.depth:
            cell = self.queue.next(time.monotonic())
            if cell is None:
                return
            self._handed_out += 1
            self._running[cell.address] = cell
            attempt = f"{self._id}-{self._handed_out}"
            job = Job(self._store.url, cell.to_json(), attempt, self._code)
            scheduler.submit(self._carry_out, (job,), cell.address)

    def _take(self, outcome: Outcome) -> None:
        cell = self._running.pop(outcome.address)
        if not outcome.error:
            self._finish(cell, outcome)
        elif outcome.machine and self.queue.try_again(cell, time.monotonic()):
            again = f"tried again ({self.queue.tries(cell) + 1} of {self._attempts})"
            self._listener.note(f"{cell.title()}: {outcome.error}; {again}")
        else:
            self._fail(cell, outcome)

    def _finish(self, cell: Cell, outcome: Outcome) -> None:
        self.queue.finish(cell)
        self._remaining.remove(cell)
        self._costs.add(cell, outcome.elapsed_s)
        self._count(cell.address, outcome.figures)
        if cell.address in self._failed_before:
            with suppress(OSError):
                self._store.remove(f"{FAILED}/{cell.address}.json")

    def _fail(self, cell: Cell, outcome: Outcome) -> None:
        self.failed[cell.title()] = outcome.error
        for each in (cell, *self.queue.fail(cell)):
            self._remaining.remove(each)
        self._listener.note(f"{cell.title()}: failed: {outcome.error}")
        said = {"title": cell.title(), "tries": self.queue.tries(cell), "at": _now(), **outcome.to_json()}
        try:
            write_json(self._store, f"{FAILED}/{cell.address}.json", said)
        except OSError as error:
            self._listener.note(f"{cell.title()}: its error is not kept: {error}")

    def _count(self, address: str, figures: Mapping[str, Any]) -> None:
        for cell in self._named[address]:
            self._interim.add(cell.place, cell.label, figures)

    def _tell(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if at_once or now - self._told >= TELL_S:
            self._told = now
            self._listener.study(self.progress(), self._interim.values, self._study.report.metric)
        if at_once or now - self._written >= WRITE_S:
            self._written = now
            whose = {"host": socket.gethostname(), "process": os.getpid(), "at": _now(), "ended": at_once}
            with suppress(OSError):  # nothing follows from it; the next one is tried again
                write_json(self._store, progress_file(self._study.name), {**asdict(self.progress()), **whose})


def _outcome(ended: Ended) -> Outcome:
    """Return how an attempt ended, also where nobody was left to say so."""
    if isinstance(ended.value, Outcome):
        return ended.value
    return Outcome(ended.name, error=ended.lost or repr(ended.raised), machine=True)


def progress_file(name: str) -> str:
    """Return where the store has how far a study is."""
    return f"{STUDIES}/{name}/progress.json"


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
