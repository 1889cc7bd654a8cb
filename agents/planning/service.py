"""What work a task may be: tasks that were seen at about the same time of an episode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray, TaskBatch

#: So many of the tasks that came next before and after a time are drawn from: the mix of tasks changes as they do.
NEIGHBOURS = 400


class ServicePool:
    """Tasks of past episodes, drawn again with replacement (the bootstrap) from those that came at about the same time.

    Args:
        arrival_s: float64[n], seconds since their episode's start, in any order, n >= 1.
        service_s: float64[n], seconds of work.
        deadline_s: float64[n], the longest response time.
        neighbours: how many before and how many after a time are drawn from.
    """

    def __init__(
        self, arrival_s: FloatArray, service_s: FloatArray, deadline_s: FloatArray, neighbours: int = NEIGHBOURS
    ) -> None:
        order = np.argsort(arrival_s, kind="stable")
        self._arrival_s, self._service_s, self._deadline_s = arrival_s[order], service_s[order], deadline_s[order]
        self._length_s: FloatArray = np.concatenate(([0.0], np.cumsum(self._service_s)))
        self._neighbours = neighbours

    @classmethod
    def of_episodes(cls, batches: Sequence[TaskBatch]) -> ServicePool:
        """Return the pool of all their tasks."""
        fields = zip(*((batch.arrival_s, batch.service_s, batch.deadline_s) for batch in batches), strict=True)
        arrival_s, service_s, deadline_s = map(np.concatenate, fields)
        return cls(arrival_s, service_s, deadline_s)

    def draw(self, at_s: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return service times and deadlines of tasks that arrive ``at_s`` seconds after the episode's start."""
        first, last = self._around(at_s)
        rows = rng.integers(first, last)
        return self._service_s[rows], self._deadline_s[rows]

    def draw_begun(self, at_s: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return the work that is left, and the deadline, of tasks met in service that arrived ``at_s``.

        Long tasks are met more often, in proportion to their length, and anywhere in it (renewal theory's
        inspection paradox).
        """
        first, last = self._around(at_s)
        begin_s, end_s = self._length_s[first], self._length_s[last]
        rows = np.searchsorted(self._length_s, begin_s + rng.random(len(at_s)) * (end_s - begin_s), side="right") - 1
        rows = np.clip(rows, first, last - 1)
        return self._service_s[rows] * rng.random(len(at_s)), self._deadline_s[rows]

    def mean_s(self, at_s: float) -> float:
        """Return the mean work of tasks that arrive ``at_s`` seconds after the episode's start."""
        first, last = (int(each[0]) for each in self._around(np.array([at_s])))
        return float(self._length_s[last] - self._length_s[first]) / (last - first)

    def _around(self, at_s: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the neighbours of each time begin and end; there is always one."""
        place = np.searchsorted(self._arrival_s, at_s)
        first = np.clip(place - self._neighbours, 0, len(self._arrival_s) - 1)
        return first, np.clip(place + self._neighbours, first + 1, len(self._arrival_s))
