"""What is launched on a GPU: a thread for each row. Imported where there is one, or its simulator."""

from __future__ import annotations

from typing import Any

from numba import cuda as _cuda

#: To a type checker it lacks half of its names.
cuda: Any = _cuda


def play(row: Any, arguments: Any) -> None:
    """Stand for what is played: ``simulator.cuda.targets`` puts it here."""
    raise NotImplementedError


def entry(rows: Any, arguments: Any) -> None:
    """Play the row that is this thread's."""
    row = cuda.grid(1)
    if row < rows:
        play(row, arguments)
