"""The task farm as SimPy processes: one emitter, one worker process per worker, one collector.

Queues are deques, so a task costs O(1) (``simpy.Store`` takes from the front of a list). A task waits in
the queue until a worker takes it, and no worker is ever promised a particular task: an arrival wakes an
idle worker, which takes whatever is first when it looks. So removing a worker cannot strand a task.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

import simpy

from autoscaling_env.types import FloatArray
from simulator.delays import Delays
from simulator.reference.calendar import Calendar, Rank
from simulator.reference.worker import Worker


class Farm:
    """One episode's farm. All state is public: the backend turns it into telemetry.

    Args:
        arrival_s: float64[n], sorted.
        work_s: float64[n], seconds a worker is busy with each task (service and platform overhead).
        delays: start-up and pick-up delays of this episode.
        collect_s: seconds the collector spends on each result.
        workers: ready and idle at time 0.
    """

    def __init__(
        self, arrival_s: FloatArray, work_s: FloatArray, delays: Delays, collect_s: float, workers: int
    ) -> None:
        self.calendar = Calendar()
        self.arrivals: list[float] = arrival_s.tolist()
        self.work_s: list[float] = work_s.tolist()
        self.delays = delays
        self.collect_s = collect_s
        self.enqueued = 0
        self.waiting: deque[int] = deque()
        self.results: deque[int] = deque()
        self.started_s = [float("nan")] * len(self.arrivals)
        self.finished_s = [float("nan")] * len(self.arrivals)
        self.collected: list[int] = []
        self.collected_s: list[float] = []
        self.starting: dict[Worker, None] = {}  # in the order of starting
        self.idle: list[Worker] = []
        self.woken: set[Worker] = set()
        self.busy: set[Worker] = set()
        self.draining: set[Worker] = set()
        self._collector_idle: simpy.Event | None = None
        for _ in range(workers):
            self.calendar.process(self._work(Worker(ready_s=0.0)))
        self.calendar.process(self._emitter())
        self.calendar.process(self._collector())
        self.calendar.run_started()

    @property
    def requested(self) -> int:
        """Workers that are paid for."""
        return len(self.starting) + self.ready

    @property
    def ready(self) -> int:
        """Workers able to take tasks, idle or busy."""
        return len(self.idle) + len(self.woken) + len(self.busy)

    def add(self, count: int) -> None:
        """Start ``count`` workers, each ready after its own delay."""
        for _ in range(count):
            worker = Worker(ready_s=self.calendar.now + self.delays.next_startup())
            self.starting[worker] = None
            self.calendar.process(self._start_up(worker))

    def remove(self, count: int) -> None:
        """Remove ``count`` workers: starting (newest first), idle, then those that will be free first.

        Among idle workers those go last that were woken and will look at the queue soonest.
        """
        for _ in range(count):
            if self.starting:
                worker, _ = self.starting.popitem()
            elif self.idle:
                worker = self.idle.pop()
            elif self.woken:
                worker = max(self.woken, key=lambda worker: worker.looks_s)
                self.woken.remove(worker)
            else:
                worker = min(self.busy, key=lambda worker: (worker.free_s, worker.task))
                self.busy.remove(worker)
                self.draining.add(worker)
            worker.leaving = True

    def _emitter(self) -> Generator[simpy.Event, Any, None]:
        calendar, waiting, pickup_s = self.calendar, self.waiting, self.delays.pickup_s
        for task, arrival_s in enumerate(self.arrivals):
            yield calendar.at(arrival_s, Rank.ARRIVE)
            waiting.append(task)
            self.enqueued += 1
            if self.idle:
                worker = self.idle.pop()
                self.woken.add(worker)
                worker.wake_at(calendar, arrival_s + pickup_s[task])

    def _start_up(self, worker: Worker) -> Generator[simpy.Event, Any, None]:
        yield self.calendar.at(worker.ready_s, Rank.READY)
        if not worker.leaving:
            del self.starting[worker]
            yield from self._work(worker)

    def _work(self, worker: Worker) -> Generator[simpy.Event, Any, None]:
        calendar, waiting = self.calendar, self.waiting
        while not worker.leaving:
            if waiting:
                yield self._start(worker, waiting.popleft())
                self._finish(worker)
            else:
                self.idle.append(worker)
                yield worker.sleep(calendar)
                self.woken.discard(worker)  # not among them if it was dismissed meanwhile

    def _start(self, worker: Worker, task: int) -> simpy.Event:
        now = self.calendar.now
        worker.task, worker.free_s = task, now + self.work_s[task]
        self.started_s[task] = now
        self.busy.add(worker)
        return self.calendar.at(worker.free_s, Rank.FINISH)

    def _finish(self, worker: Worker) -> None:
        self.finished_s[worker.task] = self.calendar.now
        (self.draining if worker.leaving else self.busy).remove(worker)
        self.results.append(worker.task)
        if self._collector_idle is not None:
            self._collector_idle.succeed()
            self._collector_idle = None

    def _collector(self) -> Generator[simpy.Event, Any, None]:
        calendar, results = self.calendar, self.results
        while True:
            while results:
                yield calendar.at(calendar.now + self.collect_s, Rank.COLLECT)
                self.collected.append(results.popleft())
                self.collected_s.append(calendar.now)
            self._collector_idle = calendar.event()
            yield self._collector_idle
