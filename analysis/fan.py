"""A forecast in quantiles, beside what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """A forecast and what came of it.

    Attributes:
        title: when it was made.
        begin: the step of the episode that is foreseen first.
        before: int64[b], the tasks of the steps before it.
        came: int64[horizon], those of the steps that were foreseen.
        quantiles: float64[5, horizon], at 5, 25, 50, 75 and 95 %.
    """

    title: str
    begin: int
    before: NDArray[np.int64]
    came: NDArray[np.int64]
    quantiles: FloatArray
