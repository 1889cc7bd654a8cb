"""Producers that swing, and try until the broker has taken a task: a task that it may have taken is sent again."""

from __future__ import annotations

import contextlib
import math
import threading
import time

import numpy as np

from benchmarks.operate_broker_faults.systems import queue_of
from benchmarks.operate_scale_in.systems import Queue

#: Tasks a second at the middle of the swing, and how far it goes either way in how many seconds.
MEAN, SWING, PERIOD_S = 1.6, 1.0, 60.0
#: Mean seconds of work of a task, its shape (gamma), and the longest: shorter than any time to stop or to be visible.
WORK_S, SHAPE, LONGEST_S = 0.6, 4.0, 3.0
PAUSE_S = 0.1


class Load(threading.Thread):
    """Sends until it is told to stop; what it cannot send now it sends later.

    Args:
        system: whose queue.
        url: of its broker.
        seed: of arrivals and work.

    Attributes:
        sent: tasks that the broker has taken, numbered from 0.
        again: numbers of those that were sent more than once, since nobody knew whether it had.
    """

    def __init__(self, system: str, url: str, seed: int) -> None:
        super().__init__(daemon=True, name="load")
        self._system, self._url = system, url
        self._rng, self._over = np.random.default_rng(seed), threading.Event()
        self._queue: Queue | None = queue_of(system, url)
        self._queue.clear()
        self.sent = 0
        self.again: set[int] = set()

    def run(self) -> None:
        """Send."""
        begin_s = before_s = time.monotonic()
        while not self._over.wait(PAUSE_S):
            now_s = time.monotonic()
            rate = MEAN + SWING * math.sin(2 * math.pi * (now_s - begin_s) / PERIOD_S)
            for work_s in self._rng.gamma(SHAPE, WORK_S / SHAPE, int(self._rng.poisson(rate * (now_s - before_s)))):
                self._send(min(float(work_s), LONGEST_S))
            before_s = now_s

    def stop(self) -> None:
        """Send no more."""
        self._over.set()
        self.join()
        self._hang_up()

    def _send(self, work_s: float) -> None:
        while True:
            try:
                if self._queue is None:
                    self._queue = queue_of(self._system, self._url)
                self._queue.put(self.sent, work_s)
            except Exception:  # whatever a client of any system raises
                self.again.add(self.sent)
                self._hang_up()
                time.sleep(PAUSE_S)
            else:
                self.sent += 1
                return

    def _hang_up(self) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            with contextlib.suppress(Exception):  # it may be broken
                queue.close()
