"""Says so when the kernel is about to be compiled: that takes half a minute once, and nothing on later runs."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def announce(dispatcher: Any) -> None:
    """Write one line to the log, once, if nothing compiled of ``dispatcher`` (a numba function) can be loaded."""
    function = dispatcher.py_func
    name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}-*.nbi"
    if not dispatcher.signatures and not any(Path(dispatcher.stats.cache_path).glob(name)):
        _say()


@cache
def _say() -> None:
    """Say it once in a process: the kernel is several functions, and each is asked about."""
    log.warning("compiling the simulator's kernel for this machine; this happens once and takes half a minute")
