"""What work a task may be: pairs of service time and deadline that were seen."""

from __future__ import annotations

import numpy as np

from autoscaling_env.types import FloatArray


class ServicePool:
    """Tasks that were seen, drawn again with replacement (the bootstrap).

    Args:
        service_s: float64[n], seconds of work, n >= 1.
        deadline_s: float64[n], the longest response time of the same tasks.
    """

    def __init__(self, service_s: FloatArray, deadline_s: FloatArray) -> None:
        self._service_s, self._deadline_s = service_s, deadline_s
        self._length_s: FloatArray = np.cumsum(service_s)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return service times and deadlines of tasks that have not begun."""
        rows = rng.integers(len(self._service_s), size=count)
        return self._service_s[rows], self._deadline_s[rows]

    def draw_begun(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return the work that is left, and the deadline, of tasks met in service.

        Long tasks are met more often, in proportion to their length, and anywhere in it (renewal theory's
        inspection paradox).
        """
        if self._length_s[-1] <= 0:
            return self.draw(count, rng)
        rows = np.searchsorted(self._length_s, rng.random(count) * self._length_s[-1], side="right")
        rows = np.minimum(rows, len(self._length_s) - 1)
        return self._service_s[rows] * rng.random(count), self._deadline_s[rows]
