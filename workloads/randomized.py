"""A workload of which some settings are drawn anew for every episode (``config.randomize``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autoscaling_env.config import Config
from autoscaling_env.config.workload import WorkloadConfig
from autoscaling_env.randomization import Randomization
from autoscaling_env.types import TaskBatch
from autoscaling_env.workload import Workload

#: Makes the workload of a configuration; a recording is read once.
Make = Callable[[Any], Workload]


class RandomizedWorkload:
    """Draws an episode's settings, then its tasks as the workload with these settings does.

    What is known of the workload (name, mean service time, notes) is what was declared: nobody is told the draws.

    Attributes:
        randomize: what is drawn.
    """

    def __init__(self, config: Config, make: Make) -> None:
        """Make the workload as declared, and with all settings at either end.

        Raises:
            InputError: one of them is refused.
        """
        self.randomize = config.randomize
        self._make = make
        self._randomization = Randomization(config, only="workload.")
        self._declared = make(config.workload)
        most = [make(self._randomization.workload_with(values)) for values in self._randomization.corners()]
        self.duration_s = max(each.duration_s for each in (self._declared, *most))

    @property
    def name(self) -> str:
        """What a table or plot calls it."""
        return self._declared.name

    @property
    def mean_service_s(self) -> float:
        """Mean service time in seconds, as declared."""
        return self._declared.mean_service_s

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the source, as declared, and what is drawn anew."""
        drawn = ", ".join(self._randomization.keys)
        return (*self._declared.notes, f"Drawn anew for every episode: {drawn}.")

    def config_of(self, seed: int) -> WorkloadConfig:
        """Return the settings of episode ``seed``."""
        return self._randomization.workload_with(self._randomization.values(seed))

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Return the tasks of episode ``seed``."""
        return self.for_episode(seed).draw(seed, phase_order_seed)

    def for_episode(self, seed: int) -> Workload:
        """Return the workload with the settings of episode ``seed``."""
        return self._make(self.config_of(seed))
