"""What may be done: wait, then go to a count and hold it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Steps to wait before the change.
WAITS = (0, 2, 5)
#: Workers more or less than now.
REACHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def hold_after_wait(requested: int, least: int, most: int, horizon: int) -> NDArray[np.int64]:
    """Return int64[c, horizon], the counts wanted at each step; the first plan is to leave everything as it is."""
    counts = np.array([requested, *(requested + sign * reach for reach in REACHES for sign in (1, -1))])
    targets = np.unique(np.clip(counts, least, most))
    targets = targets[targets != requested]
    plans = np.full((1 + len(WAITS) * len(targets), horizon), requested, dtype=np.int64)
    for place, wait in enumerate(WAITS):
        rows = slice(1 + place * len(targets), 1 + (place + 1) * len(targets))
        plans[rows, wait:] = targets[:, None]
    return plans
