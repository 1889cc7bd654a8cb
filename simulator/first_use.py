"""Says so when the kernel is about to be compiled: that takes half a minute once, and nothing on later runs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def announce(dispatcher: Any) -> None:
    """Write one line to the log if ``dispatcher`` (a numba function) has nothing compiled to load."""
    source = Path(dispatcher.py_func.__code__.co_filename)
    kept = Path(dispatcher.stats.cache_path).glob(f"{source.stem}.{dispatcher.py_func.__name__}-*.nbi")
    if not dispatcher.signatures and not any(path.stat().st_mtime >= source.stat().st_mtime for path in kept):
        log.warning("compiling the simulator's kernel for this machine; this happens once and takes half a minute")
