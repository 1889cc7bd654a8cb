"""A load that repeats, the same for whoever asks: a swing, and a burst in every period."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PERIOD_S = 120.0
#: Tasks a second at the middle of the swing, how far it goes either way, and more in the burst.
MEAN, SWING, BURST = 4.0, 2.5, 14.0
BURST_AT_S, BURST_S = 70.0, 15.0
#: Mean work of a task, in seconds, and the shape of its gamma distribution.
WORK_S, SHAPE = 1.0, 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """Tasks in order of arrival.

    Attributes:
        at_s: float64[n], seconds after the beginning.
        work_s: float64[n], seconds of work.
    """

    at_s: NDArray[np.float64]
    work_s: NDArray[np.float64]


def rate(at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the tasks a second at moments in seconds after the beginning."""
    place_s = at_s % PERIOD_S
    burst = np.where((place_s >= BURST_AT_S) & (place_s < BURST_AT_S + BURST_S), BURST, 0.0)
    return np.asarray(MEAN + SWING * np.sin(2 * np.pi * place_s / PERIOD_S) + burst)


def drawn(seconds: float, seed: int, work: float = 1.0) -> Tasks:
    """Return the tasks of so many seconds: a Poisson process, thinned from its highest rate.

    ``work`` is how long they are, as a share of ``WORK_S``.
    """
    rng, most = np.random.default_rng(seed), MEAN + SWING + BURST
    at_s = np.sort(rng.uniform(0.0, seconds, rng.poisson(most * seconds)))
    at_s = at_s[rng.uniform(0.0, most, len(at_s)) < rate(at_s)]
    return Tasks(at_s, (work * rng.gamma(SHAPE, WORK_S / SHAPE, len(at_s))).round(3))


class Producer(threading.Thread):
    """Puts tasks when they are due.

    Args:
        put: takes a task's number, its Unix time of arrival and its seconds of work.
        tasks: what to send.
        begin_s: Unix time at which they begin.
    """

    def __init__(self, put: Callable[[int, float, float], None], tasks: Tasks, begin_s: float) -> None:
        super().__init__(daemon=True, name="producer")
        self._put, self._tasks, self._begin_s = put, tasks, begin_s
        self.late_s = 0.0

    def run(self) -> None:
        """Send them all; ``late_s`` says how late the latest was."""
        for number, (at_s, work_s) in enumerate(zip(self._tasks.at_s, self._tasks.work_s, strict=True)):
            due_s = self._begin_s + float(at_s)
            time.sleep(max(0.0, due_s - time.time()))
            now_s = time.time()
            self.late_s = max(self.late_s, now_s - due_s)
            self._put(number, now_s, float(work_s))
