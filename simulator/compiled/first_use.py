"""The kernel is compiled once for all processes: whoever comes first does it and says so, the others wait for it."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows: every process compiles for itself
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
#: What a process that compiles holds, beside the compiled code.
LOCK = "compiling.lock"
_VERSION = f"py{sys.version_info.major}{sys.version_info.minor}"
#: A function that is being compiled compiles those that it calls.
_mine = threading.RLock()
_depth = 0


def alone(dispatcher: Any, sources: str) -> None:
    """Let only one process at a time compile ``dispatcher`` (a numba function) where nothing of it can be loaded.

    The first to compile anything of these ``sources`` writes one line to the log.
    """
    dispatcher.compile = partial(_compile, dispatcher, dispatcher.compile, sources)


def _compile(dispatcher: Any, compile_it: Callable[[Any], Any], sources: str, signature: Any) -> Any:
    place = dispatcher.stats.cache_path
    if place is None or _kept(place, dispatcher.py_func):
        return compile_it(signature)
    with _locked(Path(place)):
        if Path(dispatcher.py_func.__code__.co_filename).parent == HERE and not _anything(place, sources):
            _say()
        return compile_it(signature)  # loads what another process has compiled meanwhile


@cache
def _say() -> None:
    """Say it once: a function that is being compiled compiles those that it calls, before anything is kept."""
    log.warning("compiling the simulator's kernel for this machine; this happens once and takes half a minute")


def _kept(place: str, function: Any) -> bool:
    stem = Path(function.__code__.co_filename).stem
    return any(Path(place).glob(f"{stem}.{function.__qualname__}-*.{_VERSION}*.nbi"))


def _anything(place: str, sources: str) -> bool:
    return any(Path(place).glob(f"*_{sources}-*.{_VERSION}*.nbi"))


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    global _depth  # noqa: PLW0603 - the lock is the process's
    with _mine:
        if _depth or fcntl is None:
            yield
            return
        place.mkdir(parents=True, exist_ok=True)
        with (place / LOCK).open("a") as handle:  # closing it lets go
            fcntl.flock(handle, fcntl.LOCK_EX)
            _depth += 1
            try:
                yield
            finally:
                _depth -= 1
