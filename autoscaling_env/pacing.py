"""How many tasks come in each window where an emitter paces them: the loop that one window after the other has to take.

Plain Python, and compiled as it is where many episodes are drawn at once (``simulator.compiled.pacing``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray

#: (levels, shares) -> counts, see ``window_counts``.
WindowCounts: TypeAlias = Callable[[FloatArray, FloatArray], NDArray[np.int64]]


def count_windows(level: Any, share: Any, counts: Any) -> None:
    """Fill int64[w] with the tasks of each window.

    Args:
        level: float64[n], a unit Poisson process: when it has risen by a window's mean, the window has its number.
        share: float64[w], of the tasks still due, the mean that comes in each window.
        counts: what is filled; the last window takes the rest.
    """
    upto, taken, last = 0.0, 0, len(share) - 1
    for window in range(last):
        upto += (len(level) - taken) * share[window]
        before = taken
        while taken < len(level) and level[taken] <= upto:
            taken += 1
        counts[window] = taken - before
    counts[last] = len(level) - taken


def window_counts(levels: FloatArray, share: FloatArray) -> NDArray[np.int64]:
    """Return int64[..., w] for float64[..., n] and float64[w]: the tasks of each window, see ``count_windows``."""
    counts = np.zeros((*levels.shape[:-1], len(share)), dtype=np.int64)
    shares = share.tolist()
    for place in np.ndindex(levels.shape[:-1]):
        filled = [0] * len(shares)
        count_windows(levels[place].tolist(), shares, filled)
        counts[place] = filled
    return counts
