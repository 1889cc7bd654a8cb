"""What each of many environments drew for its episode (``config.randomize``), as Gymnasium's infos have it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config import Config
from autoscaling_env.randomization import Randomization

Rows = NDArray[np.int64]


class RandomizedRows:
    """The drawn settings of ``size`` environments; nothing where nothing is drawn."""

    def __init__(self, config: Config, size: int) -> None:
        self._randomization, self._size = Randomization(config), size
        first = self._randomization.values(0)
        self._values: dict[str, NDArray[Any]] = {key: np.zeros(size, dtype=type(one)) for key, one in first.items()}

    def begin(self, rows: Rows, seeds: NDArray[np.int64]) -> None:
        """Take in that these environments begin the episodes of these seeds."""
        if self._values:
            for row, seed in zip(rows.tolist(), seeds.tolist(), strict=True):
                for key, value in self._randomization.values(seed).items():
                    self._values[key][row] = value

    def infos(self, rows: Rows) -> dict[str, Any]:
        """Return ``randomized`` and its mask, for these environments: an array and a mask for each key."""
        if not self._values:
            return {}
        mask = np.zeros(self._size, dtype=np.bool_)
        mask[rows] = True
        named = {}
        for key, values in self._values.items():
            named[key] = np.where(mask, values, np.zeros(1, dtype=values.dtype))
            named[f"_{key}"] = mask.copy()
        return {"randomized": named, "_randomized": mask}
