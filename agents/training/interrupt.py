"""Ctrl-C or SIGTERM as a stop signal: the first asks to stop after the episode, a second stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: What asks a training to stop.
ASKING = (signal.SIGINT, signal.SIGTERM)


class Stop(threading.Event):
    """The stop signal, and how it came to be set.

    Attributes:
        signal: the first that asked; 0: none did.
        insisted: it was asked for twice, which a ``KeyboardInterrupt`` said wherever the program was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.signal = 0
        self.insisted = False


@contextmanager
def stop_on_interrupt() -> Iterator[Stop]:
    """Set the event at Ctrl-C or SIGTERM while the block runs: a state between two episodes can be saved, one within
    cannot.

    Pass the event to what can be stopped. Outside the main thread, where signals do not arrive, it is never set.
    """
    stop = Stop()

    def asked(number: int, frame: FrameType | None) -> None:
        del frame
        if stop.is_set():
            stop.insisted = True
            raise KeyboardInterrupt
        stop.signal = number
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    # Who started us may want a signal ignored (nohup, a job in the background): so it stays.
    previous = {each: signal.getsignal(each) for each in ASKING if signal.getsignal(each) != signal.SIG_IGN}
    for each in previous:
        signal.signal(each, asked)
    try:
        yield stop
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
