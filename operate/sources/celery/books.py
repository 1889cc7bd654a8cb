"""What events say of a queue: who holds which task, what came and what is done. Its memory is bounded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from operate.reading import KeptTasks
from operate.sources.celery.events import Event
from operate.sources.celery.memory import Memory
from operate.sources.celery.settings import CelerySettings
from operate.sources.celery.told import NO_ARRIVALS, NO_TASKS, NOBODY, Told
from operate.sources.celery.worker import ENDS, RETURNS, Worker

#: Workers send a heartbeat every two seconds: after so many, all that run have said something.
SETTLES_S = 3.0
#: Workers that are kept by name; what comes beyond is no worker.
MOST_WORKERS = 20_000
#: Beyond this share, and so many, more tasks were done than were sent: not every producer tells.
SLACK, LEAST = 0.25, 10.0


class Books:
    """Keeps the books of the workers that are meant; one thread may listen while another one reads.

    Args:
        settings: which queues and workers are meant.
        monotonic: seconds on a clock that nobody sets.
        wall: Unix time in seconds.
    """

    def __init__(self, settings: CelerySettings, monotonic: Callable[[], float], wall: Callable[[], float]) -> None:
        self._settings, self._monotonic, self._wall = settings, monotonic, wall
        self._lock = threading.Lock()
        self._workers: dict[str, Worker] = {}
        self._memory = Memory()
        self._since_s: float | None = None
        self._settled: tuple[float, float] | None = None
        self._sent, self._gone, self._done = 0, 0, 0
        self._unsaid_since_s: float | None = None
        self._lost: list[str] = []

    def begin(self) -> None:
        """Note that events are heard from now on; whoever was there before has time to say that it still is."""
        with self._lock:
            self._since_s = self._monotonic()
            self._settled = None
            for worker in self._workers.values():
                worker.heard_s = self._since_s

    def pause(self) -> None:
        """Note that events are missed from now on: who holds which task is not known any more."""
        with self._lock:
            self._since_s = None
            for worker in self._workers.values():
                worker.forget()

    def hear(self, events: Iterable[Event]) -> None:
        """Take what was said, in the order in which it was said."""
        with self._lock:
            now_s = self._monotonic()
            for event in events:
                if event["type"] == "task-sent":
                    self._sends(event)
                elif self._settings.serves(event["hostname"]):
                    self._hears(event["type"], event["hostname"], event, now_s)

    def told(self, waiting: float) -> Told:
        """Return what is known now, where so many tasks wait in the queues."""
        with self._lock:
            now_s, wall_s = self._monotonic(), self._wall()
            if self._since_s is not None:
                self._drop_silent(now_s)
            workers = self._workers.values()
            held = [each.held(wall_s) for each in workers]
            self._done = max(self._done, self._gone + sum(each.done for each in workers))
            settled = self._since_s is not None and now_s - self._since_s >= SETTLES_S
            all_sent = not settled or self._all_sent(waiting, now_s)
            lost, self._lost = self._lost, []
            return Told(
                running=sum(each.running for each in workers) if settled else None,
                reserved=sum(reserved for reserved, _ in held),
                planned=sum(planned for _, planned in held),
                sent=self._sent if all_sent else None,
                done=self._done,
                service_s=self._memory.service_s(now_s),
                workers=tuple(sorted(name for name, each in self._workers.items() if not each.leaving)),
                remarks=(*lost, *self._missing(settled, waiting, all_sent)),
            )

    def kept(self, since_s: float) -> KeptTasks:
        """Return the tasks that came since a Unix time, as far as they were heard of."""
        with self._lock:
            return self._memory.kept(since_s)

    # -- inside

    def _sends(self, event: Event) -> None:
        if (event.get("queue") or event.get("routing_key")) in self._settings.queues:
            self._sent += 1
            self._memory.comes(event)

    def _hears(self, kind: str, name: str, event: Event, now_s: float) -> None:
        worker = self._workers.get(name)
        anew = worker is not None and worker.is_another(event)
        if anew:
            self._close(name, "was started anew")
        if worker is None or anew:
            if len(self._workers) >= MOST_WORKERS or kind == "worker-offline":
                return
            # All that one does that was started while we listened counts: nothing came before.
            worker = self._workers[name] = Worker(event.get("pid") or 0, now_s, beats=anew)
        worker.heard_s = now_s
        if kind.startswith("worker-"):
            self._of_worker(kind, name, worker, event)
        elif isinstance(event.get("uuid"), str):
            worker.tells_tasks = True
            self._of_task(kind, name, worker, event, now_s)

    def _of_worker(self, kind: str, name: str, worker: Worker, event: Event) -> None:
        worker.beat(event)
        worker.leaving = kind == "worker-offline"
        if worker.leaving:
            worker.forget()  # what it had not begun goes back to the queue
            if not worker.running:
                self._close(name, "")

    def _of_task(self, kind: str, name: str, worker: Worker, event: Event, now_s: float) -> None:
        if kind == "task-received":
            worker.takes(event)
            self._memory.is_received(event)
        elif kind == "task-started":
            worker.starts(event)
            self._memory.begins(event)
        elif kind in ENDS:
            worker.ends(event)
            self._memory.ends(event, now_s)
        elif kind in RETURNS:
            worker.returns(event)
        if worker.leaving and not worker.running:  # it said so before its last tasks had ended
            self._close(name, "")

    def _close(self, name: str, why: str) -> None:
        worker = self._workers.pop(name)
        self._gone += worker.done
        if why and worker.running:
            self._lost.append(f"worker {name} {why}: the {worker.running} tasks that it had begun are taken as gone")

    def _drop_silent(self, now_s: float) -> None:
        most_s = self._settings.silent_after
        for name in [name for name, each in self._workers.items() if now_s - each.heard_s > most_s]:
            self._close(name, f"has said nothing for {most_s:g} s")

    def _all_sent(self, waiting: float, now_s: float) -> bool:
        """Whether every producer tells, as far as can be seen: no more waits or is done than was sent since it settled.

        A message is there a moment before what is said of it, so a short silence tells nothing.
        """
        books = (self._done + waiting - self._sent, self._done)
        if self._settled is None:
            self._settled = books
        unsaid, done = books[0] - self._settled[0], books[1] - self._settled[1]
        if unsaid <= (max(LEAST, SLACK * done) if self._sent else 0):
            self._unsaid_since_s = None
            return True
        if self._unsaid_since_s is None:
            self._unsaid_since_s = now_s
        return now_s - self._unsaid_since_s < SETTLES_S

    def _missing(self, settled: bool, waiting: float, all_sent: bool) -> Iterator[str]:
        """Give what these workers and producers do not tell, and what would make them."""
        if not all_sent:
            yield NO_ARRIVALS
        workers = self._workers.values()
        if settled and waiting and not workers:
            yield NOBODY
        if any(each.done and not each.tells_tasks for each in workers):
            yield NO_TASKS
