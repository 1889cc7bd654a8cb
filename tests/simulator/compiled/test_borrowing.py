"""Borrowed arrays are the same arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiled.borrowing import borrowed
from simulator.compiled.compiling import compiled


class Inner(NamedTuple):
    """Two arrays."""

    numbers: NDArray[np.float64]
    counts: NDArray[np.int64]


class Outer(NamedTuple):
    """A tuple and an array."""

    inner: Inner
    more: NDArray[np.float64]


@compiled
def add(outer: Outer) -> float:
    """Write to one array and read another."""
    outer = borrowed(outer)
    outer.inner.counts[0] += 1
    return float(outer.inner.numbers.sum() + outer.more[1])


def test_they_are_read_and_written_like_any_other() -> None:
    outer = Outer(Inner(np.arange(3.0), np.zeros(2, dtype=np.int64)), np.array([0.0, 4.0]))
    assert [add(outer) for _ in range(3)] == [7.0, 7.0, 7.0]
    assert outer.inner.counts.tolist() == [3, 0]
