"""Real queues of RQ with real workers, which take a job when they are told to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import redis
from rq import Queue, SimpleWorker
from rq.timeouts import BaseDeathPenalty

from operate.source import Source
from tests.live.servers import RunningServer
from tests.operate.sources.benches import RedisBench
from tests.operate.sources.rq import jobs
from tests.waiting import PATIENCE_S, until


class NoPenalty(BaseDeathPenalty):
    """RQ's own stop a job by a signal, which only the main thread may ask for."""

    def setup_death_penalty(self) -> None:
        pass

    def cancel_death_penalty(self) -> None:
        pass


class GatedWorker(SimpleWorker):
    """A worker in a thread, which waits at a gate before it takes a job."""

    death_penalty_class = NoPenalty

    def __init__(self, queues: Sequence[Queue], gate: threading.Semaphore, leaving: threading.Event) -> None:
        super().__init__(queues, connection=queues[0].connection)
        self.gate, self.leaving = gate, leaving

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        self.gate.acquire()
        return None if self.leaving.is_set() else super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)

    def _install_signal_handlers(self) -> None:
        pass

    def subscribe(self) -> None:
        pass

    def unsubscribe(self) -> None:
        pass


class RqBench(RedisBench):
    """A queue of RQ.

    Args:
        serves: queues of its workers; the first one is filled.
        enqueued: options of each job.
    """

    def __init__(
        self,
        server: RunningServer,
        admin: redis.Redis,
        source: Source,
        serves: Sequence[str] = ("jobs",),
        **enqueued: Any,
    ) -> None:
        super().__init__(server, admin, source)
        self.connection = redis.Redis.from_url(server.url)
        self.queues = [Queue(name, connection=self.connection) for name in serves]
        self.enqueued = enqueued
        self.gate, self.leaving = threading.Semaphore(0), threading.Event()
        self.threads: list[threading.Thread] = []
        self.held = 0
        for semaphore in (jobs.BEGUN, jobs.MAY_END):
            while semaphore.acquire(blocking=False):
                pass

    def put(self, tasks: int) -> None:
        for _ in range(tasks):
            self.queues[0].enqueue(jobs.hold, next(self.numbers), **self.enqueued)

    def take(self, tasks: int) -> None:
        while len(self.threads) < self.held + tasks:
            self.hire()
        self.held += tasks
        self.gate.release(tasks)
        for _ in range(tasks):
            assert jobs.BEGUN.acquire(timeout=PATIENCE_S), "no worker began a job"

    def finish(self, tasks: int) -> None:
        started = self.queues[0].started_job_registry
        assert started.get_job_count(cleanup=False) == self.held
        self.held -= tasks
        jobs.MAY_END.release(tasks)
        until(lambda: started.get_job_count(cleanup=False) == self.held)

    def hire(self) -> None:
        worker = GatedWorker(self.queues, self.gate, self.leaving)
        thread = threading.Thread(target=worker.work, kwargs={"logging_level": "CRITICAL"}, daemon=True)
        self.threads.append(thread)
        thread.start()

    def dismiss(self) -> None:
        """Let all workers leave, when they have finished what they hold."""
        self.leaving.set()
        for semaphore, times in (jobs.MAY_END, self.held), (self.gate, len(self.threads)):
            for _ in range(times):
                semaphore.release()
        for thread in self.threads:
            thread.join(timeout=PATIENCE_S)
        assert not any(thread.is_alive() for thread in self.threads)
        self.threads, self.held, self.leaving = [], 0, threading.Event()
        self.gate = threading.Semaphore(0)

    def close(self) -> None:
        self.dismiss()
        self.connection.close()
