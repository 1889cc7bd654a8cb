"""Sums in which what is past counts less and less."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from autoscaling_env.types import FloatArray


def discounted_sums(values: Any, forgetting: float) -> FloatArray:
    """Return float64[n, t], the sum so far of each row: s[t] = values[t] + forgetting * s[t - 1].

    ``scipy.signal.lfilter`` does the same, to the bit, but to import it costs a second, and numbers here are few.

    Args:
        values: numbers[n, t].
        forgetting: what a step ago weighs against now, 0-1.
    """
    rows = np.asarray(values, dtype=np.float64)
    sums = [list(accumulate(row, lambda before, now: now + forgetting * before)) for row in rows.tolist()]
    return np.array(sums, dtype=np.float64).reshape(rows.shape)
