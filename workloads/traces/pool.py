"""A bounded memory for recorded tasks: when it is full, half of them are dropped at random."""

from __future__ import annotations

import numpy as np

from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray

#: Tasks, or intervals with tasks, kept of a trace: with four columns of float64, 96 MB.
CAPACITY = 3_000_000


class Pool:
    """Keeps every row, or an unbiased sample: each row with the same probability ``share``.

    The sample depends on the file only, not on an episode's seed: it is drawn from the stream ``trace``
    of seed 0.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.share = 1.0
        self._capacity = capacity
        self._rng = stream(0, "trace")
        self._blocks: list[FloatArray] = []
        self._held = 0

    def add(self, *columns: FloatArray) -> None:
        """Take in rows, given as equally long columns."""
        rows = np.column_stack(columns)
        if self.share < 1:
            rows = rows[self._rng.random(len(rows)) < self.share]
        self._blocks.append(rows)
        self._held += len(rows)
        while self._held > self._capacity:
            self._halve()

    @property
    def held(self) -> int:
        """Rows that are held."""
        return self._held

    def columns(self, count: int) -> FloatArray:
        """Return float64[count, n]: all rows held, as columns; the pool is empty afterwards."""
        if not self._blocks:
            return np.empty((count, 0))
        joined = np.empty((count, self._held))
        start = 0
        while self._blocks:
            block = self._blocks.pop(0)
            joined[:, start : start + len(block)] = block.T
            start += len(block)
        return joined

    def _halve(self) -> None:
        self.share /= 2
        self._blocks = [block[self._rng.random(len(block)) < 0.5] for block in self._blocks]
        self._held = sum(map(len, self._blocks))
