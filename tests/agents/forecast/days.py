"""Days of tasks that differ in nothing but chance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STEPS = 60
#: Quiet, busy, quiet.
SHAPE = np.concatenate((np.full(20, 4.0), np.full(20, 16.0), np.full(20, 6.0)))


def random_days(
    count: int, seed: int, *, shape: NDArray[np.float64] = SHAPE, levels: Sequence[float] = (1.0,)
) -> tuple[NDArray[np.int64], ...]:
    """Return Poisson counts around a shape, each day on one of the levels in turn."""
    rng = np.random.default_rng(seed)
    return tuple(rng.poisson(shape * levels[day % len(levels)]) for day in range(count))


def flash_days(count: int, seed: int, begin: int | None = None) -> tuple[NDArray[np.int64], ...]:
    """Return days with a crowd of six steps that begins at a random time, or always at ``begin``."""
    rng = np.random.default_rng(seed)
    shapes = np.full((count, STEPS), 4.0)
    begins = rng.integers(5, STEPS - 10, size=count) if begin is None else np.full(count, begin)
    for shape, first in zip(shapes, begins, strict=True):
        shape[first : first + 6] = 40.0
    return tuple(rng.poisson(shapes))
