"""Work in processes of its own that ends when it is told to, and with whoever started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, TypeAlias

from autoscaling_env.errors import BackendError

#: Python leaves the current folder out of what it imports from where this is set.
SAFE_PATH = "PYTHONSAFEPATH"


class Worker:
    """A process that works, as it sees itself. Ctrl-C reaches all processes of a terminal: only ``stop`` counts here.

    Args:
        stop: closed at its other end when work is to end with what it has; that meets a ``KeyboardInterrupt``, once.
            (An event would hang whoever sets it, once a process that waits for it was killed.)
    """

    def __init__(self, stop: Connection) -> None:
        self._stop = stop
        self._working = False
        self._told = False
        self._leave = False

    def listen(self) -> None:
        """Take over the signals of this process, and go when the one that started it is gone."""
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.signal(signal.SIGINT, self._on_interrupt)
        threading.Thread(target=self._wait_for_stop, daemon=True, name="stop").start()
        threading.Thread(target=_go_with_parent, daemon=True, name="lifeline").start()

    def work(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        """Do one piece of work and return what comes of it; none is begun after ``stop``."""
        self._working = True
        try:
            if self._stop.poll():
                raise KeyboardInterrupt
            return function(*arguments)
        finally:
            self._working = False
            if self._leave:
                os._exit(1)

    def _wait_for_stop(self) -> None:
        self._stop.poll(None)
        main = threading.main_thread().ident
        if main is not None:  # the signal itself: it ends a sleep, too
            signal.pthread_kill(main, signal.SIGINT)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._working and self._stop.poll() and not self._told:
            self._told = True
            raise KeyboardInterrupt

    def _on_terminate(self, number: int, frame: FrameType | None) -> None:
        """Leave, but with what there is: whoever ends all processes of a service ends our parent, too, and it stops us.

        So does a pool of which another process was killed.
        """
        del number, frame
        self._leave = True
        if not self._working:
            os._exit(1)


#: Calls a function with arguments in one of the processes.
Submit: TypeAlias = Callable[..., Future[Any]]

#: In a process that works: itself. What a pool's processes begin with can leave something for their work only here.
_HERE: list[Worker] = []


@contextmanager
def processes(at_once: int, begin: Callable[..., None] | None = None, *arguments: Any) -> Iterator[Submit]:
    """Give what submits calls to processes of their own, for as long as the block runs; they end with it, at once.

    Args:
        at_once: how many processes.
        begin: what each of them does first, importable by name.
        arguments: of ``begin``.
    """
    alone, safe_path = multiprocessing.get_context("spawn"), os.environ.get(SAFE_PATH)
    with _nothing_imported_from_here():
        stopped, running = alone.Pipe(duplex=False)
        pool = ProcessPoolExecutor(at_once, alone, _begin, (stopped, safe_path, begin, arguments))

    def submit(function: Callable[..., Any], *given: Any) -> Future[Any]:
        with _nothing_imported_from_here():
            return pool.submit(_work, function, given)

    with stopped, pool:
        try:
            yield submit
        finally:
            running.close()
            pool.shutdown(cancel_futures=True)


@contextmanager
def told_if_killed() -> Iterator[None]:
    """Say in one line that one of the processes was killed."""
    try:
        yield
    except BrokenProcessPool:
        remedy = "with fewer --jobs less memory is needed at a time; what was finished is kept"
        raise BackendError(f"a process was killed, perhaps because memory ran out; {remedy}") from None


@contextmanager
def _nothing_imported_from_here() -> Iterator[None]:
    """Start Python without the current folder in front: a ``queue.py`` of the user's is not the one we mean."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        _put_back(before)


def _put_back(safe_path: str | None) -> None:
    if safe_path is None:
        del os.environ[SAFE_PATH]
    else:
        os.environ[SAFE_PATH] = safe_path


def _begin(
    stop: Connection, safe_path: str | None, begin: Callable[..., None] | None, arguments: Sequence[Any]
) -> None:
    _put_back(safe_path)  # what our work starts is not ours to decide about
    _HERE.append(Worker(stop))
    _HERE[0].listen()
    if begin is not None:
        begin(*arguments)


def _work(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    return _HERE[0].work(function, arguments)


def _go_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 - we were started by one
    parent.join()
    os._exit(1)
