"""How a command ends early: told to leave (SIGTERM), it stops as at Ctrl-C, so that nothing it started stays behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self


def exit_code(number: int) -> int:
    """Return the exit code of a command that a signal ended; 0: that Ctrl-C ended."""
    return 128 + (number or signal.SIGINT)


#: Exit code of a command that Ctrl-C ended.
INTERRUPTED = exit_code(signal.SIGINT)


class Ending:
    """Turns SIGTERM into ``KeyboardInterrupt`` while the block runs, which commands are made to meet.

    Without this a container that is stopped, or a farm that is scaled by hand, would leave its workers, functions and
    half a run behind. A parent that ignores the signal, and threads where signals do not arrive, keep their ways.
    """

    def __init__(self) -> None:
        self._terminated = False
        self._ours = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        self._ours = self._ours and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        if self._ours:
            signal.signal(signal.SIGTERM, self._told)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def code(self, code: int) -> int:
        """Return the exit code: of an interrupted command the one that tells SIGTERM from Ctrl-C."""
        return exit_code(signal.SIGTERM) if self._terminated and code == INTERRUPTED else code

    def _told(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._terminated = True
        raise KeyboardInterrupt


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let signals wait while something is printed that they are about."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
