"""Asking for memory ahead of time changes nothing, wherever it points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.compiled.compiling import compiled
from simulator.compiled.prefetch import prefetch


@compiled
def ask(array: NDArray[np.float64], row: int, byte: int) -> None:
    """Ask for one line."""
    prefetch(array, row, byte)


def test_it_reads_and_writes_nothing_even_far_outside_of_the_array() -> None:
    array = np.arange(12.0).reshape(3, 4)
    for row in (-(10**9), -1, 0, 2, 3, 10**9):
        for byte in (-64, 0, 31, 10**12):
            ask(array, row, byte)
    assert array.ravel().tolist() == list(range(12))


def test_the_compiled_code_contains_the_hint() -> None:
    compiled_now: Any = njit(ask.py_func)  # type: ignore[attr-defined]
    compiled_now(np.zeros((1, 1)), 0, 0)
    assert any("llvm.prefetch" in code for code in compiled_now.inspect_llvm().values())
