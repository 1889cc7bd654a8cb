"""Episodes drawn before they are needed, many together: to draw one alone takes three times as long as one of many.

Few environments end few episodes at a step. Here each has its next one lying ready; when one is missing, all that were
used since are drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.workload import Workload
from simulator.compiled.compiling import compiled
from simulator.compiled.episodes import EpisodeBatch
from simulator.compiled.kept import taken
from simulator.compiled.playing import PLAY, Memory
from simulator.compiled.streams import Streams

Rows = NDArray[np.int64]
#: Environments for which it pays: of more, enough episodes end at the same step.
FEW = 256
#: Lies ready for nobody.
NONE = -1


class DrawnAhead:
    """The next episode of each row of a batch.

    Args:
        batch: into whose rows episodes are put.
        streams: drawn from.
        upcoming: returns the seeds of the episodes that the given rows will play after those being drawn, probably.
    """

    def __init__(self, batch: EpisodeBatch, streams: Streams, upcoming: Callable[[Rows], NDArray[np.int64]]) -> None:
        self._batch, self._streams, self._upcoming = batch, streams, upcoming
        self._ready = batch.like()
        self._seeds = np.full(batch.size, NONE)

    def draw(self, workload: Workload, rows: Rows, seeds: NDArray[np.int64]) -> None:
        """Put the episode of each seed into its row, to be begun; the same as ``EpisodeBatch.draw``."""
        if (self._seeds[rows] != seeds).any() or not self._ready.fits(self._batch):
            self._draw_all(workload, rows, seeds)
        self._batch.fit(self._ready)
        take(self._ready.memory, self._batch.memory, rows)
        self._batch.take(self._ready, rows)
        self._seeds[rows] = NONE

    def _draw_all(self, workload: Workload, rows: Rows, seeds: NDArray[np.int64]) -> None:
        """Draw these episodes, and those of all rows that have none lying ready."""
        if not self._ready.fits(self._batch):
            self._ready, self._seeds[:] = self._batch.like(), NONE
        wanted = self._seeds.copy()
        wanted[rows] = seeds
        others = np.flatnonzero(wanted == NONE)
        wanted[others] = self._upcoming(others)
        missing = np.flatnonzero(wanted != self._seeds)
        self._ready.draw(workload, missing, wanted[missing], self._streams)
        self._seeds = wanted


@compiled
def take(ready: Memory, playing: Memory, rows: Rows) -> None:
    """Copy tasks and delays of the episodes ``rows``; the arrays of those being played are at least as long."""
    source, _ = taken(ready, PLAY)
    target, _ = taken(playing, PLAY)
    tasks = source.deadline_s.shape[1]
    for row in rows:
        for task in range(tasks):
            target.farms.arrival_s[row, task] = source.farms.arrival_s[row, task]
            target.farms.work_s[row, task] = source.farms.work_s[row, task]
            target.farms.pickup_s[row, task] = source.farms.pickup_s[row, task]
            target.deadline_s[row, task] = source.deadline_s[row, task]
        target.farms.startup_s[row] = source.farms.startup_s[row]
        segments = source.segment_s.shape[1]
        target.segment_s[row, :segments] = source.segment_s[row]
        target.segment_s[row, segments:] = np.inf
