"""What is handed over once is found again by compiled code, whatever it holds meanwhile."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.compiled.compiling import compiled
from simulator.compiled.kept import Kept, taken, type_of


class Inner(NamedTuple):
    """A number and an array."""

    factor: float
    counts: NDArray[np.int64]


class Outer(NamedTuple):
    """An array and a tuple."""

    values: NDArray[np.float64]
    inner: Inner


def made() -> Outer:
    return Outer(np.arange(6.0).reshape(2, 3), Inner(2.0, np.zeros(1, dtype=np.int64)))


OUTER = type_of(made())


@compiled
def add(memory: NDArray[np.uint8], row: int) -> Any:
    """Read, count, and return a row's sum."""
    values, inner = taken(memory, OUTER)
    inner.counts[0] += 1
    return inner.factor * values[row].sum()


def test_it_is_read_and_written_where_it_lies() -> None:
    kept = Kept(made(), OUTER)
    assert add(kept.memory, 1) == 24.0
    kept.value.values[1, 0] = 13.0
    assert add(kept.memory, 1) == 44.0
    assert kept.value.inner.counts.tolist() == [2]


def test_another_type_is_refused() -> None:
    outer = made()
    with pytest.raises(TypeError, match="compiled code cannot take"):
        Kept(outer._replace(values=np.asfortranarray(outer.values)), OUTER)
