"""What is handed over once is found again by compiled code, whatever it holds meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.compiled.compiling import compiled
from simulator.compiled.kept import Kept, taken, type_of

#: Plain tuples: what is compiled for a type of the tests would be kept on disk for everybody, who cannot import it.
Outer = tuple[NDArray[np.float64], tuple[float, NDArray[np.int64]]]


def made() -> Outer:
    return np.arange(6.0).reshape(2, 3), (2.0, np.zeros(1, dtype=np.int64))


OUTER = type_of(made())


@compiled
def add(memory: NDArray[np.uint8], row: int) -> Any:
    """Read, count, and return a row's sum."""
    values, (factor, counts) = taken(memory, OUTER)
    counts[0] += 1
    return factor * values[row].sum()


def test_it_is_read_and_written_where_it_lies() -> None:
    kept = Kept(made(), OUTER)
    assert add(kept.memory, 1) == 24.0
    values, (_, counts) = kept.value
    values[1, 0] = 13.0
    assert add(kept.memory, 1) == 44.0
    assert counts.tolist() == [2]


def test_another_type_is_refused() -> None:
    values, inner = made()
    with pytest.raises(TypeError, match="compiled code cannot take"):
        Kept((np.asfortranarray(values), inner), OUTER)
