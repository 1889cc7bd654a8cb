"""How the kernel is compiled: at the first call, without the interpreter's lock, and kept on disk for all processes.

numba keeps a function's machine code for as long as the function's *own* file is the same. Ours are written into each
other, so the name under which code is kept also holds a fingerprint of all files with compiled functions: after an
update nothing old is loaded, whichever of them changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

from autoscaling_env import pacing, reward
from autoscaling_env.schema import FACTS, REALS
from simulator.compiled.first_use import alone

F = TypeVar("F", bound=Callable[..., object])

#: What a file with compiled functions, or with what they take, cannot do without.
_WORDS = (b"simulator.compiled.compiling import", b"from numba", b"NamedTuple", b"namedtuple")
#: Files elsewhere that are plain Python, and are compiled here too.
ELSEWHERE = tuple(Path(module.__file__ or "") for module in (pacing, reward))


def fingerprint(folder: Path) -> str:
    """Return 12 hex digits that change with any file in ``folder`` with compiled functions, its name or content.

    They change with those of ``ELSEWHERE``, too, and with the columns of a step.
    """
    digest = hashlib.sha256(repr((FACTS, REALS)).encode())
    for path in (*sorted(folder.glob("*.py")), *ELSEWHERE):
        text = path.read_bytes()
        if path in ELSEWHERE or any(word in text for word in _WORDS):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(text).digest())
    return digest.hexdigest()[:12]


SOURCES = fingerprint(Path(__file__).parent)


def compiled(function: F) -> F:
    """Compile at the first call, keep the result on disk, let other threads run meanwhile."""
    made = njit(cache=True, nogil=True, error_model="numpy")(_of_these_sources(function))
    alone(made, SOURCES)
    return cast("F", made)


def inlined(function: F) -> F:
    """Compile into the caller: a call would pass every array through memory."""
    made = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(_of_these_sources(function))
    alone(made, SOURCES)
    return cast("F", made)


def source_of(function: object) -> Any:
    """Return the Python function that was compiled."""
    return getattr(function, "py_func", function)


def _of_these_sources(function: F) -> F:
    if not function.__qualname__.endswith(SOURCES):
        function.__qualname__ += f"_{SOURCES}"
    return function
