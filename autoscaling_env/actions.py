"""What an action means: the one adapter between a wanted number of workers and an environment's action.

Policies say how many workers they want. An environment either takes that number itself (``environment.action:
target``) or changes (``delta``: remove one, keep, add one).
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import Info

if TYPE_CHECKING:
    from autoscaling_env.config import Config


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of an environment.

    Attributes:
        deltas: the change each action asks for; empty where an action is the wanted count itself, less
            ``min_workers``.
        min_workers: lower bound of the worker count.
        max_workers: upper bound of the worker count.
    """

    deltas: tuple[int, ...]
    min_workers: int
    max_workers: int

    @classmethod
    def of(cls, config: Config) -> Actions:
        """Return the actions of a configuration."""
        deltas = () if config.environment.action == "target" else config.environment.action_deltas
        return cls(deltas, config.farm.min_workers, config.farm.max_workers)

    @classmethod
    def of_info(cls, info: Info) -> Actions:
        """Return the actions of the environment that gave ``info``."""
        return cls(tuple(info["action_deltas"]), info["min_workers"], info["max_workers"])

    @property
    def count(self) -> int:
        """Number of actions: the size of the ``Discrete`` space."""
        return len(self.deltas) or self.max_workers - self.min_workers + 1

    def index(self, action: Any) -> int | None:
        """Return an action as a number: of a whole number of Python or NumPy, or an array of one; None: it is none."""
        try:
            given = action.item() if isinstance(action, np.ndarray) and action.size == 1 else action
            number = index(given)
        except TypeError:
            return None
        return number if 0 <= number < self.count else None

    def wanted(self, action: Any, requested: Any) -> Any:
        """Return the number of workers that ``action`` asks for, where ``requested`` are there; whole arrays too.

        What deltas ask for may lie outside of the bounds.
        """
        if not self.deltas:
            return action + self.min_workers
        return requested + np.asarray(self.deltas, dtype=np.int64)[action]

    def changes(self, requested: int) -> tuple[int, ...]:
        """Return the change that each action makes where ``requested`` workers are there."""
        return self.deltas or tuple(range(self.min_workers - requested, self.max_workers - requested + 1))

    def nearest(self, wanted: int, requested: int) -> int:
        """Return the action that comes nearest to ``wanted`` workers; of two equally near ones the smaller change."""
        if not self.deltas:
            return min(max(wanted, self.min_workers), self.max_workers) - self.min_workers
        delta = wanted - requested
        return min(range(len(self.deltas)), key=lambda index: self._distance(self.deltas[index], delta))

    def nearest_of(self, wanted: NDArray[np.int64], requested: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return ``nearest`` for whole arrays: int64[n] for int64[n] each."""
        if not self.deltas:
            return np.clip(wanted, self.min_workers, self.max_workers) - self.min_workers
        deltas, missing = np.array(self.deltas, dtype=np.int64), wanted - requested
        far = np.abs(deltas[None, :] - missing[:, None]) * (2 * np.abs(deltas).max() + 1) + np.abs(deltas)[None, :]
        nearest: NDArray[np.int64] = np.argmin(far, axis=1)
        return nearest

    @staticmethod
    def _distance(change: int, delta: int) -> tuple[int, int]:
        return abs(change - delta), abs(change)


def nearest_action(wanted: int, info: Info) -> int:
    """Return the action of the environment that gave ``info`` that comes nearest to ``wanted`` workers."""
    return Actions.of_info(info).nearest(wanted, info["requested_workers"])


def wanted_workers(action: int, info: Info) -> int:
    """Return the number of workers that ``action`` asks the environment that gave ``info`` for."""
    return int(Actions.of_info(info).wanted(action, info["requested_workers"]))
