"""The queue: a real server with its file of commands, a load that swings, and books of every task."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import redis

from live.clients import command_client
from tests.live.platforms.kubernetes.clusters import ReachableServer

QUEUE = "orders"
#: Puts a task on the list and counts it, once however often it is asked.
ADD = """if redis.call('SADD', KEYS[1] .. ':ids', ARGV[1]) == 0 then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return redis.call('INCR', KEYS[1] .. ':came')"""
#: Tasks a second at the middle of the swing, and how far it goes either way in how many seconds.
MEAN, SWING, PERIOD_S = 3.0, 2.0, 60.0
#: Mean work of a task, in seconds.
WORK_S = 0.8
PAUSE_S = 0.05


class TaskServer(ReachableServer):
    """A server that can be stopped where it stands, besides killed and started."""

    def halt(self) -> None:
        """Stop it; who asks waits."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def forget_counts(self) -> None:
        """Begin both counters anew, as where somebody flushed them."""
        with command_client(self.url) as client:
            client.mset({f"{QUEUE}:came": 0, f"{QUEUE}:done": 0})

    def overcount(self) -> None:
        """Set the counter of what came far ahead, as somebody who restores the wrong backup does."""
        with command_client(self.url) as client:
            client.set(f"{QUEUE}:came", 5_000_000_000)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None  # noqa: S101 - it was started
        os.kill(self._process.pid, number)


class Load(threading.Thread):
    """Puts tasks on the list until it is told to stop; what it cannot put now it puts later.

    Attributes:
        sent: names of all tasks that were put there.
    """

    def __init__(self, url: str, seed: int) -> None:
        super().__init__(daemon=True, name="load")
        self._client = command_client(url, retries=0, timeout_s=1.0)
        self._rng, self._over = np.random.default_rng(seed), threading.Event()
        self.sent: list[str] = []

    def run(self) -> None:
        """Send."""
        begin_s = before_s = time.monotonic()
        while not self._over.wait(PAUSE_S):
            now_s = time.monotonic()
            rate = MEAN + SWING * math.sin(2 * math.pi * (now_s - begin_s) / PERIOD_S)
            for work_s in self._rng.gamma(4.0, WORK_S / 4.0, int(self._rng.poisson(rate * (now_s - before_s)))):
                self._send(f"{len(self.sent)}:{work_s:.3f}")
            before_s = now_s

    def _send(self, task: str) -> None:
        """Ask until there is an answer: the script takes a task once only."""
        while True:
            with contextlib.suppress(redis.RedisError):
                self._client.eval(ADD, 1, QUEUE, task)
                self.sent.append(task)
                return
            time.sleep(PAUSE_S)

    def stop(self) -> None:
        """Send no more."""
        self._over.set()
        self.join()


@dataclass(frozen=True, slots=True)
class Books:
    """What became of the tasks, by the workers' own record.

    Attributes:
        sent: tasks that were put on the list.
        done: of them those that were finished.
        twice: finished more than once.
        left: still waiting or held.
        held: by whom, and which.
    """

    sent: int
    done: int
    twice: int
    left: int
    held: tuple[str, ...] = ()

    @property
    def balance(self) -> bool:
        """Whether every task was finished once, and nothing is left."""
        return self.sent == self.done and not self.twice and not self.left


def books_of(url: str, sent: list[str]) -> Books:
    """Read them."""
    with command_client(url) as client:
        record = [line.rpartition(" ")[0] for line in client.lrange(f"{QUEUE}:record", 0, -1)]
        held = tuple(f"{task} by {name}" for name, task in client.hgetall(f"{QUEUE}:held").items())
        left = client.llen(QUEUE) + len(held)
    times = Counter(record)
    twice = sum(count > 1 for count in times.values()) + len(times.keys() - set(sent))
    return Books(len(sent), len(times.keys() & set(sent)), twice, left, held)
