"""A load that swings, with a burst, the same every minute: who watches can learn it."""

from __future__ import annotations

import math
import threading
import time

import numpy as np

from live.clients import command_client

PERIOD_S = 60.0
#: Tasks a second at the middle of the swing, how far it goes either way, and more in the burst.
MEAN, SWING, BURST = 4.0, 2.5, 16.0
BURST_AT_S, BURST_S = 30.0, 8.0
#: Mean work of a task, in seconds.
WORK_S = 0.6
PAUSE_S = 0.05


def rate(wall_s: float) -> float:
    """Return the tasks a second at a moment."""
    at_s = wall_s % PERIOD_S
    burst = BURST if BURST_AT_S <= at_s < BURST_AT_S + BURST_S else 0.0
    return MEAN + SWING * math.sin(2 * math.pi * at_s / PERIOD_S) + burst


class Load(threading.Thread):
    """Puts tasks on a list until it is told to stop.

    Args:
        url: of the server.
        queue: key of the list; ``:came`` counts what was put there.
        seed: of counts and work.
    """

    def __init__(self, url: str, queue: str, seed: int = 0) -> None:
        super().__init__(daemon=True, name="load")
        self._client, self._queue = command_client(url), queue
        self._rng, self._over = np.random.default_rng(seed), threading.Event()
        self.sent = 0

    def run(self) -> None:
        """Send."""
        before_s = time.time()
        while not self._over.wait(PAUSE_S):
            now_s = time.time()
            count = int(self._rng.poisson(rate(now_s) * max(0.0, now_s - before_s)))
            before_s = now_s
            if count:
                work_s = self._rng.gamma(4.0, WORK_S / 4.0, count).round(3).tolist()
                self._client.lpush(self._queue, *work_s)
                self._client.incrby(f"{self._queue}:came", count)
                self.sent += count

    def stop(self) -> None:
        """Send no more."""
        self._over.set()
        self.join()
