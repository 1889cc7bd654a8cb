"""Workers as processes on this machine."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from autoscaling_env.errors import BackendError
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from live.platform import Departure, FarmSpec, Roster, WorkerCounts, WorkerRecord
from live.platforms.local.processes import Processes

#: A worker that died sooner than this after its start is started again later and later.
YOUNG_S = 1.0
MAX_PAUSE_S = 5.0
#: After so many workers that died before the farm stood, another one will not do better.
FAILED_STARTS = 3
SERVICES = ("emitter", "collector")


@dataclass(slots=True)
class LocalWorker:
    """A process we started as a worker."""

    name: str
    number: int
    draining: bool = False
    born: float = field(default_factory=time.monotonic)


class LocalPlatform:
    """Starts, counts and removes worker processes. See ``live.platform.Platform``.

    Args:
        processes: who really starts them; closed with this object.
    """

    name = "local"

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._tag = processes.directory.name.rpartition("-")[2]  # two farms of one name: no two workers of one name
        self._lock = threading.RLock()
        self._workers: dict[str, LocalWorker] = {}
        self._departures: list[Departure] = []
        self._target = 0
        self._numbers = itertools.count(1)
        self._startup: Iterator[float] | None = None
        self._early_deaths = 0
        self._failed_starts = 0
        self._stands = False
        self._farm: FarmSpec | None = None
        self._closed = False

    def open(self, farm: FarmSpec) -> None:
        """Start emitter and collector."""
        self._farm = farm
        self._processes.wait_ready(farm.open_timeout_s)
        self._processes.on_end(self._on_end)
        for name in SERVICES:
            self._start_service(name)

    def begin(self, workers: int, startup_s: Iterator[float] | None) -> None:
        """Kill the workers of the last episode and start fresh ones."""
        with self._lock:
            for name in self._workers:
                self._processes.kill(name)
            self._workers.clear()
            self._departures.clear()
            self._startup, self._early_deaths, self._failed_starts, self._stands = None, 0, 0, False
            self._target = workers
            for _ in range(workers):
                self._start_worker()
            self._startup = startup_s

    def scale_to(self, workers: int, roster: Roster) -> ScaleOutcome:
        """See ``Platform.scale_to``."""
        with self._lock:
            self._target = workers
            kept = [worker for worker in self._workers.values() if not worker.draining]
            for _ in range(workers - len(kept)):
                self._start_worker()
            for worker in removal_order(kept, roster)[: max(0, len(kept) - workers)]:
                worker.draining = True
                self._processes.terminate(worker.name)
        return ScaleOutcome(workers, workers, ScaleReason.OK)

    def counts(self, roster: Roster) -> WorkerCounts:
        """See ``Platform.counts``.

        Raises:
            BackendError: the workers an episode begins with do not live; the message has what they said.
        """
        with self._lock:
            if self._failed_starts >= FAILED_STARTS:
                raise BackendError(f"the workers do not start: {self._processes.log_tail(1)}")
            listed = {record.name: record for record in roster}
            kept = [w.name for w in self._workers.values() if not w.draining and w.name in listed]
            draining = sum(worker.draining for worker in self._workers.values())
            busy = sum(listed[name].task is not None for name in kept)
            self._stands = self._stands or len(kept) == self._target
            return WorkerCounts(self._target, len(kept), self._target - len(kept), draining, busy)

    def departures(self) -> tuple[Departure, ...]:
        """See ``Platform.departures``."""
        with self._lock:
            found, self._departures = tuple(self._departures), []
            return found

    def close(self) -> None:
        """Kill everything we started."""
        self._closed = True
        self._processes.close()

    def pid(self, worker: str) -> int | None:
        """Return the process id of a worker, for those who break things on purpose."""
        return self._processes.pids.get(worker)

    def _start_service(self, name: str) -> None:
        assert self._farm is not None  # noqa: S101 - open() came first
        settings = replace(self._farm.functions, name=name)
        self._processes.start(name, name, settings.environment())

    def _start_worker(self) -> None:
        assert self._farm is not None  # noqa: S101
        number = next(self._numbers)
        worker = LocalWorker(f"worker-{number}-{self._tag}", number)
        delay_s = next(self._startup) if self._startup is not None else 0.0
        settings = replace(self._farm.functions, name=worker.name, startup_delay_s=delay_s)
        self._workers[worker.name] = worker
        self._processes.start(worker.name, "worker", settings.environment())

    def _on_end(self, name: str, how: str) -> None:
        if self._closed:
            return
        if name in SERVICES:
            self._later(YOUNG_S / 2, lambda: self._start_service(name))
            return
        with self._lock:
            worker = self._workers.pop(name, None)
            if worker is None:
                return
            if how != "exit code 0":
                self._departures.append(Departure(name, how))
            self._failed_starts += not self._stands
            if not worker.draining:
                self._replace(worker)

    def _replace(self, worker: LocalWorker) -> None:
        young = time.monotonic() - worker.born < YOUNG_S
        self._early_deaths = self._early_deaths + 1 if young else 0
        self._later(min(MAX_PAUSE_S, 0.1 * 2**self._early_deaths) if young else 0.0, self._fill_up)

    def _fill_up(self) -> None:
        with self._lock:
            kept = sum(not worker.draining for worker in self._workers.values())
            for _ in range(self._target - kept):
                self._start_worker()

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, self._unless_closed, (what,))
        timer.daemon = True
        timer.start()

    def _unless_closed(self, what: Callable[[], None]) -> None:
        if self._closed:
            return
        try:
            what()
        except BackendError:  # closed or killed meanwhile; the next call to the farm says so
            self._closed = True


def removal_order(workers: list[LocalWorker], roster: Roster) -> list[LocalWorker]:
    """Return ``workers`` with those to be removed first in front: starting (newest first), idle, free soonest."""
    listed = {record.name: record for record in roster}

    def rank(worker: LocalWorker) -> tuple[int, float]:
        return _rank(worker.number, listed.get(worker.name))

    return sorted(workers, key=rank)


def _rank(number: int, record: WorkerRecord | None) -> tuple[int, float]:
    if record is None:
        return 0, -number
    if record.task is None:
        return 1, -number
    return 2, record.free_in_s
