"""The task farm on SimPy's calendar: an emitter, workers that come, go, look and finish, and a collector.

Each of them is what it does at its next event, and sets the one after; none ever waits for two things. Queues are
deques, so a task costs O(1) (``simpy.Store`` takes from the front of a list). A task waits in the queue until a worker
takes it, and no worker is ever promised a particular task: an arrival wakes an idle worker, which takes whatever is
first when it looks. So removing a worker cannot strand a task.
"""

from __future__ import annotations

from collections import deque

from autoscaling_env.types import FloatArray
from simulator.delays import Delays
from simulator.reference.calendar import Actor, Calendar, Rank
from simulator.reference.worker import Worker

FINISH, READY, ARRIVE, PICKUP, COLLECT = map(int, Rank)  # plain numbers: they are compared with every event


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
        self._emitter, self._collector = Actor(self.calendar), Actor(self.calendar)
        # What each of them does next, as SimPy wants it.
        self._emits, self._collects = [self._emit], [self._collect]
        self._is_ready, self._looks, self._finishes = [self._ready], [self._look], [self._finish]
        for _ in range(workers):
            self.idle.append(Worker(self.calendar))
        self._emit_next()

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
            worker = Worker(self.calendar)
            self.starting[worker] = None
            self.calendar.at(self.calendar.now + self.delays.next_startup(), READY, worker, self._is_ready)

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

    def _emit_next(self) -> None:
        if self.enqueued < len(self.arrivals):
            self.calendar.at(self.arrivals[self.enqueued], ARRIVE, self._emitter, self._emits)

    def _emit(self, _: Actor) -> None:
        """Put a task on the queue; it wakes an idle worker if there is one."""
        task = self.enqueued
        self.waiting.append(task)
        self.enqueued += 1
        if self.idle:
            worker = self.idle.pop()
            self.woken.add(worker)
            worker.looks_s = self.arrivals[task] + self.delays.pickup_s[task]
            self.calendar.at(worker.looks_s, PICKUP, worker, self._looks)
        self._emit_next()

    def _ready(self, worker: Worker) -> None:
        """Let a worker begin that is ready, unless it was sent away before."""
        if not worker.leaving:
            del self.starting[worker]
            self._take(worker)

    def _look(self, worker: Worker) -> None:
        """Let a woken worker look at the queue, unless it was sent away before."""
        if not worker.leaving:
            self.woken.remove(worker)
            self._take(worker)

    def _take(self, worker: Worker) -> None:
        """Let a worker take the task that waits longest, or be idle."""
        if not self.waiting:
            self.idle.append(worker)
            return
        task, now = self.waiting.popleft(), self.calendar.now
        worker.task, worker.free_s = task, now + self.work_s[task]
        self.started_s[task] = now
        self.busy.add(worker)
        self.calendar.at(worker.free_s, FINISH, worker, self._finishes)

    def _finish(self, worker: Worker) -> None:
        """Let a worker be done with its task, and leave or take the next."""
        self.finished_s[worker.task] = self.calendar.now
        self.results.append(worker.task)
        if len(self.results) == 1:
            self._collect_next()
        if worker.leaving:
            self.draining.remove(worker)
        else:
            self.busy.remove(worker)
            self._take(worker)

    def _collect_next(self) -> None:
        self.calendar.at(self.calendar.now + self.collect_s, COLLECT, self._collector, self._collects)

    def _collect(self, _: Actor) -> None:
        """Let the collector be done with a result, and take the next."""
        self.collected.append(self.results.popleft())
        self.collected_s.append(self.calendar.now)
        if self.results:
            self._collect_next()
