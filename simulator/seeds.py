"""The episode seeds of many environments, drawn ahead: one at a time costs more than a tenth of an episode's tasks."""

from __future__ import annotations

import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray

from autoscaling_env.rng import draw_seeds

#: Seeds drawn from a generator at once.
AHEAD = 32


class EpisodeSeeds:
    """Seeds as ``autoscaling_env.rng.episode_seed`` draws them, from a generator for each of ``count`` environments."""

    def __init__(self, count: int) -> None:
        self._generators: dict[int, np.random.Generator] = {}
        self._drawn = np.zeros((count, AHEAD), dtype=np.int64)
        self._used = np.full(count, AHEAD)

    def seed(self, row: int, seed: int | None) -> None:
        """Give environment ``row`` a generator of this seed; with None, one of its own choosing if it has none."""
        if seed is not None or row not in self._generators:
            self._generators[row], _ = seeding.np_random(seed)
            self._used[row] = AHEAD

    def next(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the next seed of each of these environments."""
        seeds = self.upcoming(rows)
        self._used[rows] += 1
        return seeds

    def upcoming(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what ``next`` would return; it still will."""
        for row in rows[self._used[rows] == AHEAD].tolist():
            self._drawn[row] = draw_seeds(self._generators[row], AHEAD)
            self._used[row] = 0
        seeds: NDArray[np.int64] = self._drawn[rows, self._used[rows]]
        return seeds
