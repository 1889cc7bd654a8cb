"""``autoscaling_env.pacing`` for many episodes at once, compiled from its very source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.pacing import count_windows
from autoscaling_env.types import FloatArray
from simulator.compiled.compiling import compiled

_count_windows = compiled(count_windows)


@compiled
def fill_window_counts(levels: FloatArray, share: FloatArray, counts: NDArray[np.int64]) -> None:
    """Fill int64[k, w] from float64[k, n] and float64[w]."""
    for row in range(len(levels)):
        _count_windows(levels[row], share, counts[row])


def window_counts(levels: FloatArray, share: FloatArray) -> NDArray[np.int64]:
    """Return int64[k, w] for float64[k, n] and float64[w]."""
    counts = np.zeros((len(levels), len(share)), dtype=np.int64)
    fill_window_counts(levels, share, counts)
    return counts
