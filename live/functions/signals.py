"""SIGTERM as a flag while something must not be torn, and as an exception while one only waits."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class Stopped(Exception):  # noqa: N818 - news, not an error
    """Told to leave while waiting."""


class Abandoned(BaseException):  # no handler's `except Exception` may swallow it
    """The running task must be put down now: time to leave is up, or its episode is over."""


class Signals:
    """What this process was told. The first SIGTERM asks to leave, a second one (or the end of the grace) insists."""

    def __init__(self, grace_s: float = 0.0) -> None:
        self.stopping = False
        self._grace_s = grace_s
        self._waiting = False
        self._working = False

    def install(self) -> Signals:
        """Take over SIGTERM and SIGINT (leave), SIGALRM (grace is up), SIGUSR1 (episode over). Main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        for number in (signal.SIGALRM, signal.SIGUSR1):
            signal.signal(number, self._on_abandon)
        return self

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Raise ``Stopped`` at once when told to leave within this stretch."""
        self._waiting = True
        try:
            if self.stopping:
                raise Stopped
            yield
        finally:
            self._waiting = False

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let ``Abandoned`` put down what is done within this stretch."""
        self._working = True
        try:
            yield
        finally:
            self._working = False

    def sleep(self, seconds: float) -> None:
        """Wait; raises ``Stopped`` when told to leave."""
        with self.waiting():
            time.sleep(max(0.0, seconds))

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        told_before, self.stopping = self.stopping, True
        if self._waiting:
            self._waiting = False  # once: what cleans up after this is not to be interrupted
            raise Stopped
        if told_before and self._working:
            self._abandon("told twice to leave")
        if self._grace_s > 0:
            signal.setitimer(signal.ITIMER_REAL, self._grace_s)

    def _on_abandon(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._working:
            self._abandon("its episode is over" if number == signal.SIGUSR1 else "time to leave is up")

    def _abandon(self, why: str) -> NoReturn:
        self._working = False
        raise Abandoned(why)
