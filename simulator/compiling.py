"""How the kernel is compiled: at the first call, without the interpreter's lock, kept on disk, and announced.

numba keeps a function's machine code for as long as the function's *own* file is the same. Ours are written into each
other, so the name under which code is kept also holds a fingerprint of all files of this package: after an update
nothing old is loaded, whichever file changed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])
log = logging.getLogger(__name__)


def fingerprint(folder: Path) -> str:
    """Return 12 hex digits that change with the name or content of any Python file in ``folder``."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


SOURCES = fingerprint(Path(__file__).parent)


def compiled(function: F) -> F:
    """Compile at the first call, keep the result on disk, let other threads run meanwhile."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(_of_these_sources(function)))


def inlined(function: F) -> F:
    """Compile into the caller: a call would pass every array through memory."""
    made = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(_of_these_sources(function))
    return cast("F", made)


def announce(dispatcher: Any) -> None:
    """Write one line to the log if nothing compiled of ``dispatcher`` (a numba function) can be loaded."""
    function = dispatcher.py_func
    name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}-*.nbi"
    if not dispatcher.signatures and not any(Path(dispatcher.stats.cache_path).glob(name)):
        log.warning("compiling the simulator's kernel for this machine; this happens once and takes half a minute")


def _of_these_sources(function: F) -> F:
    if not function.__qualname__.endswith(SOURCES):
        function.__qualname__ += f"_{SOURCES}"
    return function
