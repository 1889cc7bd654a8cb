"""How the kernel is compiled: at the first call, without the interpreter's lock, and kept on disk.

numba keeps a function's machine code for as long as the function's *own* file is the same. Ours are written into each
other, so the name under which code is kept also holds a fingerprint of all files with compiled functions: after an
update nothing old is loaded, whichever of them changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])

#: What a file with compiled functions cannot do without.
_IMPORTS = (b"simulator.compiled.compiling import", b"from numba")


def fingerprint(folder: Path) -> str:
    """Return 12 hex digits that change with the name or content of any file in ``folder`` with compiled functions."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        text = path.read_bytes()
        if any(words in text for words in _IMPORTS):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(text).digest())
    return digest.hexdigest()[:12]


SOURCES = fingerprint(Path(__file__).parent)


def compiled(function: F) -> F:
    """Compile at the first call, keep the result on disk, let other threads run meanwhile."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(_of_these_sources(function)))


def inlined(function: F) -> F:
    """Compile into the caller: a call would pass every array through memory."""
    made = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(_of_these_sources(function))
    return cast("F", made)


def _of_these_sources(function: F) -> F:
    if not function.__qualname__.endswith(SOURCES):
        function.__qualname__ += f"_{SOURCES}"
    return function
