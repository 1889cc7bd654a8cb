"""The delays of one episode, each from its own stream, so that no decision can shift another's draw."""

from __future__ import annotations

import numpy as np

from autoscaling_env.config.distributions import Constant
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.rng import STARTUP_BLOCK as BLOCK
from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray, TaskBatch


class Delays:
    """Start-up, pick-up and overhead of one episode.

    Attributes:
        pickup_s: list of n floats; entry i is the delay with which an idle worker notices task i.
        overhead_s: float64[n], seconds the platform adds to each task's work.
    """

    def __init__(self, farm: FarmConfig, tasks: TaskBatch) -> None:
        self._startup = farm.startup
        self._rng = stream(tasks.seed, "startup")
        self._drawn: list[float] = []
        self._used = 0
        self.pickup_s: list[float] = pickup_delays(farm, tasks).tolist()
        self.overhead_s = overheads(farm, tasks)

    def next_startup(self) -> float:
        """Return the delay of the next worker started: the j-th started always has the j-th draw."""
        if self._used == len(self._drawn):
            self._drawn += self._startup.sample(self._rng, BLOCK).tolist()
        self._used += 1
        return self._drawn[self._used - 1]


def pickup_delays(farm: FarmConfig, tasks: TaskBatch) -> FloatArray:
    """Return float64[n]: how long after its arrival an idle worker would notice each task."""
    if isinstance(farm.pickup, Constant):
        return np.full(len(tasks), farm.pickup.value_s)
    return farm.pickup.sample(stream(tasks.seed, "pickup"), len(tasks))


def overheads(farm: FarmConfig, tasks: TaskBatch) -> FloatArray:
    """Return float64[n]: seconds the platform adds to each task's work."""
    if isinstance(farm.service_overhead, Constant):
        return np.full(len(tasks), farm.service_overhead.value_s)
    return farm.service_overhead.sample(stream(tasks.seed, "overhead"), len(tasks))


def startup_delays(farm: FarmConfig, seed: int, count: int) -> FloatArray:
    """Return float64[>= count]: the first start-up delays of the episode ``seed``, as ``Delays`` draws them."""
    rng = stream(seed, "startup")
    return np.concatenate([farm.startup.sample(rng, BLOCK) for _ in range(-(-max(count, 1) // BLOCK))])
