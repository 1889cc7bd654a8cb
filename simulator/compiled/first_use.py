"""Says so when the kernel is about to be compiled: that takes half a minute once, and nothing on later runs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def announce(dispatcher: Any) -> None:
    """Write one line to the log if nothing compiled of ``dispatcher`` (a numba function) can be loaded."""
    function = dispatcher.py_func
    name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}-*.nbi"
    if not dispatcher.signatures and not any(Path(dispatcher.stats.cache_path).glob(name)):
        log.warning("compiling the simulator's kernel for this machine; this happens once and takes half a minute")
