"""What work a task may be: pairs of service time and deadline that were seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoscaling_env.types import FloatArray


@dataclass(frozen=True, slots=True)
class ServicePool:
    """Tasks that were seen, drawn again with replacement (the bootstrap).

    Attributes:
        service_s: float64[n], seconds of work, n >= 1.
        deadline_s: float64[n], the longest response time of the same tasks.
    """

    service_s: FloatArray
    deadline_s: FloatArray

    def draw(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return service times and deadlines of tasks that have not begun."""
        rows = rng.integers(len(self.service_s), size=count)
        return self.service_s[rows], self.deadline_s[rows]

    def draw_begun(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return the work that is left, and the deadline, of tasks met in service.

        Long tasks are met more often, in proportion to their length, and anywhere in it (renewal theory's
        inspection paradox).
        """
        length = np.cumsum(self.service_s)
        if length[-1] <= 0:
            return self.draw(count, rng)
        rows = np.searchsorted(length, rng.random(count) * length[-1], side="right")
        rows = np.minimum(rows, len(length) - 1)
        return self.service_s[rows] * rng.random(count), self.deadline_s[rows]
