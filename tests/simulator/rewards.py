"""A reward function as users write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def frugal(step: Mapping[str, Any]) -> dict[str, Any]:
    """Pay for workers, and for a queue longer than the last step's arrivals."""
    late = np.maximum(step["worker_queue"] - 8 * step["arrival_rate"], 0.0)
    return {"workers": -0.01 * step["requested_workers"], "late": -late, "done": 5.0 * step["terminated"]}


def plain(step: Mapping[str, Any]) -> float:
    """Return a number, and look at one environment only."""
    return -1.0 if step["worker_queue"] > 20 else 0.0


def swallows_nothing() -> float:
    """Take no step."""
    return 0.0
