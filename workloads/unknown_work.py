"""Work of recorded tasks that nobody knows: as that of the others, of the same name where there are some."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray


class KnownWork:
    """The known work among recorded tasks, by name.

    Args:
        service_s: float64[n], seconds of work; NaN where nobody knows, and not everywhere.
        task: int64[n], which name each has; None: they have none.
    """

    def __init__(self, service_s: FloatArray, task: NDArray[np.int64] | None) -> None:
        known = np.isfinite(service_s)
        name = np.zeros(len(service_s), dtype=np.int64) if task is None else task
        order = np.argsort(name[known], kind="stable")
        self._work_s, self._name = service_s[known][order], name[known][order]
        self._upto = np.concatenate(([0.0], np.cumsum(self._work_s)))

    def drawn(self, service_s: FloatArray, task: NDArray[np.int64] | None, rng: np.random.Generator) -> FloatArray:
        """Return the work of tasks, each that is not known drawn from the known ones; drawn from only where one is."""
        unknown = np.isnan(service_s)
        if not unknown.any():
            return service_s
        first, last = self._alike(task, unknown)
        filled = service_s.copy()
        filled[unknown] = self._work_s[rng.integers(first, last)]
        return filled

    def expected(self, service_s: FloatArray, task: NDArray[np.int64] | None) -> FloatArray:
        """Return the work of tasks, the mean of the known ones where it is not known."""
        unknown = np.isnan(service_s)
        first, last = self._alike(task, unknown)
        filled = service_s.copy()
        filled[unknown] = (self._upto[last] - self._upto[first]) / (last - first)
        return filled

    def _alike(self, task: NDArray[np.int64] | None, which: NDArray[np.bool_]) -> tuple[NDArray[np.intp], ...]:
        """Return where the known tasks of the same name begin and end; of a name of which none is known: all."""
        wanted = np.zeros(int(which.sum()), dtype=np.int64) if task is None else task[which]
        first, last = (np.searchsorted(self._name, wanted, side=side) for side in ("left", "right"))
        none = first == last
        return np.where(none, 0, first), np.where(none, len(self._name), last)
