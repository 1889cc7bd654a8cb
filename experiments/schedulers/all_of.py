"""Calls a function for each of several pieces, on whatever scheduler there is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from autoscaling_env.errors import BackendError
from experiments.schedulers.scheduler import LOOK_S, Ended, Scheduler


def call_all(
    function: Callable[..., None],
    pieces: Sequence[Sequence[Any]],
    make_scheduler: Callable[[], Scheduler],
    *,
    progress: Callable[[int, int], None],
    stop: threading.Event | None = None,
) -> bool:
    """Call ``function`` with the arguments of every piece; the longest should come first.

    Args:
        function: importable by name; a ``KeyboardInterrupt`` asks it to end with what it has.
        pieces: arguments of each call, picklable.
        make_scheduler: starts what carries them out.
        progress: told with (pieces done, pieces in all).
        stop: when set, what is being done ends early, as with Ctrl-C.

    Returns:
        False when it was cut short by ``stop`` or Ctrl-C: no further piece was begun.

    Raises:
        BackendError: a process or machine died.
        Exception: what a call raised; the others are then cut short, too.
    """
    try:
        with make_scheduler() as scheduler:
            _finish(function, pieces, scheduler, progress, stop)
    except KeyboardInterrupt:
        return False
    return True


def _finish(
    function: Callable[..., None],
    pieces: Sequence[Sequence[Any]],
    scheduler: Scheduler,
    progress: Callable[[int, int], None],
    stop: threading.Event | None,
) -> None:
    waiting, running, done = deque(enumerate(pieces)), 0, 0
    while done < len(pieces):
        if stop is not None and stop.is_set():
            raise KeyboardInterrupt
        while waiting and running < scheduler.slots * scheduler.depth:
            number, piece = waiting.popleft()
            scheduler.submit(function, piece, f"{number}")
            running += 1
        for ended in scheduler.wait(LOOK_S):
            _check(ended)
            running, done = running - 1, done + 1
            progress(done, len(pieces))


def _check(ended: Ended) -> None:
    if ended.lost:
        raise BackendError(f"{ended.lost}; what was finished is kept")
    if ended.raised is not None:
        raise ended.raised
