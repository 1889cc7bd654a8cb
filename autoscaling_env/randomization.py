"""What is drawn anew for every episode of a configuration: settings of the farm and of the workload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from autoscaling_env.config import Config
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.randomizing import drawn, setting, with_value
from autoscaling_env.config.workload import WorkloadConfig
from autoscaling_env.errors import InputError
from autoscaling_env.rng import stream

#: What an environment itself does with a farm.
OF_EVERY_FARM = ("farm.initial_workers",)
#: Dotted key -> what an episode has: a setting's value, or the factor on a section's times.
Drawn: TypeAlias = dict[str, float | int]


class Randomization:
    """Draws an episode's settings from the stream ``randomize`` of its seed: a number for each key, in their order.

    So an episode is the same on every farm and in every environment, and nothing else that is drawn from its seed
    moves. False where nothing is drawn.

    Args:
        config: read for ``randomize`` and what it names.
        only: draw the settings of this section only; the numbers are the same.
    """

    def __init__(self, config: Config, only: str = "") -> None:
        self._farm, self._workload = config.farm, config.workload
        self._draws = config.randomize.draws
        sections = {"farm": config.farm, "workload": config.workload}
        self._paths = {key: key.split(".") for key in self._draws}
        self._declared = {key: setting(sections[head], path) for key, (head, *path) in self._paths.items()}
        self.keys = tuple(key for key in self._draws if key.startswith(only))

    def __bool__(self) -> bool:
        return bool(self.keys)

    def values(self, seed: int) -> Drawn:
        """Return what episode ``seed`` has, in the order of the keys."""
        if not self.keys:
            return {}
        shares = stream(seed, "randomize").random(len(self._draws)).tolist()
        of = {
            key: drawn(draw, self._declared[key], share)
            for (key, draw), share in zip(self._draws.items(), shares, strict=True)
        }
        return {key: of[key] for key in self.keys}

    def farm(self, seed: int) -> FarmConfig:
        """Return the farm of episode ``seed``."""
        return self.farm_with(self.values(seed))

    def farm_with(self, values: Drawn) -> FarmConfig:
        """Return the farm with what was drawn for it."""
        farm = self._farm
        for key, value in values.items():
            if key.startswith("farm."):
                farm = with_value(farm, self._paths[key][1:], value)
        return farm

    def workload_with(self, values: Drawn) -> WorkloadConfig:
        """Return the workload with what was drawn for it."""
        workload: WorkloadConfig = self._workload
        for key, value in values.items():
            if key.startswith("workload."):
                workload = with_value(workload, self._paths[key][1:], value)
        return workload

    def corners(self) -> list[Drawn]:
        """Return all at their lower ends, all at their upper ends, and each at its ends with the others as declared."""
        ends = {
            key: [drawn(self._draws[key], self._declared[key], share) for share in (0.0, 1.0 - 2.0**-53)]
            for key in self.keys
        }
        together = [{key: ends[key][end] for key in self.keys} for end in (0, 1)]
        return together + [{key: end} for key in self.keys for end in ends[key]]


def without_draws(config: Config) -> Config:
    """Return the configuration as it is declared, nothing drawn: what is believed of a farm."""
    return config.model_copy(update={"randomize": type(config.randomize)()}) if config.randomize.draws else config


def refuse_others(config: Config, here: str, allowed: Sequence[str]) -> None:
    """Refuse draws of the farm's settings that a farm cannot follow.

    Args:
        config: whose ``randomize`` is looked at; settings of the workload are everywhere the same.
        here: what to call the farm.
        allowed: keys that it can follow, as ``farm.startup``.

    Raises:
        InputError: every one that it cannot, one line each.
    """
    can = ", ".join(("workload.*", *allowed))
    wrong = [
        key
        for key in config.randomize.draws
        if key.startswith("farm.") and not any(key == each or key.startswith(f"{each}.") for each in allowed)
    ]
    if wrong:
        raise InputError(*(f"randomize.{key}: {here} has its own; drawn anew can be there: {can}" for key in wrong))
