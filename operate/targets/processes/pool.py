"""A pool of processes: as many run as are wanted, and what ends by itself is replaced.

A thread of its own starts and reaps them, and lives as long as they do: the kernel ends a worker together with the
*thread* that started it.
"""

from __future__ import annotations

import shlex
import signal
import threading
from collections import deque
from dataclasses import dataclass

from autoscaling_env.errors import BackendError
from live.clock import Clock, SystemClock
from operate.target import Fenced
from operate.targets.processes.process import Process
from operate.targets.processes.settings import ProcessesConfig

#: Between looks at the processes, in seconds.
LOOK_S = 0.05
#: A worker that ended by itself is replaced so long after its own start at the earliest.
REPLACE_S = 1.0
#: Changes that are kept for those who have not looked yet.
KEPT = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """The wanted number was changed: by whom, from which to which."""

    who: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Workers at one instant: wanted, running and not leaving, ready of those, leaving."""

    wanted: int
    running: int
    ready: int
    draining: int


class ProcessPool:
    """Workers of one command; several may scale it, each under its own name.

    Args:
        config: what is run.
        clock: real time.
    """

    def __init__(self, config: ProcessesConfig, clock: Clock | None = None) -> None:
        self._config, self._clock = config, clock or SystemClock()
        self._lock = threading.RLock()
        self._processes: list[Process] = []
        self._wanted, self._term = config.workers, 0
        self._changes: deque[Change] = deque(maxlen=KEPT)
        self._changed = 0
        self._trouble, self._not_before = "", float("-inf")
        self._looked_s = self._clock.now()
        self._stop, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="process pool")
        self._thread.start()

    def scale_to(self, workers: int, who: str, term: int | None = None) -> int:
        """Have so many workers in all; return that number.

        Args:
            who: who says so, for those who look.
            term: in which ``who`` leads; None: there is no election.

        Raises:
            Fenced: somebody leads in a later term.
            BackendError: the pool is closed.
        """
        if workers < 0:
            raise BackendError(f"{workers} workers cannot be; ask for 0 or more")
        with self._lock:
            if self._stop.is_set():
                raise BackendError("the pool of processes is closed")
            if term is not None and term < self._term:
                raise Fenced(f"somebody leads in term {self._term}, and {who} led in term {term}; nothing was changed")
            if workers != self._wanted:
                self._changes.append(Change(who, self._wanted, workers))
                self._changed += 1
                self._wanted = workers
        self._wake.set()
        return workers

    def fence(self, term: int) -> None:
        """Let nobody scale who leads in an earlier term.

        Raises:
            Fenced: somebody leads in a later term.
        """
        with self._lock:
            if term < self._term:
                raise Fenced(f"somebody leads in term {self._term}, later than {term}")
            self._term = term

    def counts(self) -> Counts:
        """Return how many there are."""
        with self._lock:
            here = [each for each in self._processes if not each.draining]
            ready_from = self._clock.now() - self._config.startup_time
            ready = sum(each.started_s <= ready_from for each in here)
            return Counts(self._wanted, len(here), ready, len(self._processes) - len(here))

    def changes(self, seen: int | None = None) -> tuple[int, list[Change]]:
        """Return the number of all changes so far, and those after the first ``seen`` ones that are still known."""
        with self._lock:
            new = 0 if seen is None else min(len(self._changes), self._changed - seen)
            return self._changed, list(self._changes)[len(self._changes) - new :]

    @property
    def command(self) -> str:
        """What is run, as a shell would take it."""
        return shlex.join(self._config.command)

    def pids(self) -> list[int]:
        """Return the process ids of all that run, those that leave included."""
        with self._lock:
            return [each.pid for each in self._processes]

    def age_s(self) -> float:
        """Return the seconds since the processes were last looked at."""
        return max(0.0, self._clock.now() - self._looked_s)

    @property
    def trouble(self) -> str:
        """How the last worker ended that nobody told to; "" once another has stayed."""
        return self._trouble

    def close(self) -> None:
        """Have all workers finish their task and leave; kill those that take too long."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    # -- in the thread

    def _run(self) -> None:
        while not self._stop.is_set():
            self._look()
            self._wake.wait(LOOK_S)
            self._wake.clear()
        self._end()

    def _look(self) -> None:
        with self._lock:
            now = self._looked_s = self._clock.now()
            self._reap(now)
            here = [each for each in self._processes if not each.draining]
            for process in here[self._wanted :]:  # the newest ones
                process.drain(signal.Signals[self._config.drain_signal])
            if now >= self._not_before:
                self._start(self._wanted - len(here), now)

    def _reap(self, now: float) -> None:
        left = []
        for process in self._processes:
            how = process.ended()
            if how is None:
                left.append(process)
            elif not process.draining:
                self._trouble = f"a worker ended by itself ({how}) after {now - process.started_s:.1f} s"
                self._not_before = max(self._not_before, process.started_s + REPLACE_S)
        self._processes = left
        if self._trouble and now > self._not_before + REPLACE_S and len(left) >= self._wanted:
            self._trouble = ""

    def _start(self, count: int, now: float) -> None:
        for _ in range(count):
            try:
                self._processes.append(Process(self._config.command, self._config.env, now))
            except OSError as error:  # no more processes or memory for now
                self._trouble = f"no worker can be started: {error.strerror}"
                self._not_before = now + REPLACE_S
                return

    def _end(self) -> None:
        number = signal.Signals[self._config.drain_signal]
        with self._lock:
            for process in self._processes:
                process.drain(number)
            give_up = self._clock.now() + self._config.drain_grace
            while self._clock.now() < give_up and any(each.ended() is None for each in self._processes):
                self._clock.sleep(LOOK_S)
            for process in self._processes:
                process.kill()
            self._processes = []
