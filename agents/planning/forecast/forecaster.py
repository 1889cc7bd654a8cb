"""The seam to whoever foresees arrivals."""

from __future__ import annotations

from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray

Counts: TypeAlias = NDArray[np.int64]

#: So many of the last steps are looked at, at most: a decision's cost does not grow with the time that has passed.
MEMORY = 240


@runtime_checkable
class Forecaster(Protocol):
    """Foresees the tasks of the next steps. ``tests/agents/forecast/contract.py`` states this contract as tests."""

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        """Return int64[count, horizon], sampled futures: the tasks of each of the next steps, >= 0.

        Args:
            arrived: int64[t], the tasks of each step since the episode began; t may be 0.
            horizon: how many steps ahead, >= 1.
            count: how many futures, >= 1.
            rng: draws them.
        """
        ...

    def log_scores(self, arrived: Counts) -> FloatArray:
        """Return float64[min(t, MEMORY)]: how well the last steps were foreseen, one step ahead each.

        An entry is the natural logarithm of the probability that what came had, by all that had arrived before it.
        """
        ...
