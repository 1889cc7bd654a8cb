"""The whole configuration: one validated, frozen tree."""

from __future__ import annotations

from pydantic import model_validator

from autoscaling_env.config.agents import AgentsConfig
from autoscaling_env.config.base import Section
from autoscaling_env.config.environment import EnvironmentConfig
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.config.randomize import Randomize
from autoscaling_env.config.randomizing import problems
from autoscaling_env.config.reward import RewardConfig
from autoscaling_env.config.workload import WorkloadConfig


class Config(Section):
    """Everything a run depends on, besides its seed."""

    farm: FarmConfig
    """The farm: bounds and delays."""
    workload: WorkloadConfig
    """Where the tasks come from."""
    environment: EnvironmentConfig
    """The decision loop."""
    reward: RewardConfig
    """The objective."""
    agents: AgentsConfig
    """Settings of the decision makers."""
    live: LiveConfig
    """The real farm: Redis and the platform."""
    randomize: Randomize = Randomize()
    """Settings of farm and workload that are drawn anew for every episode."""

    @model_validator(mode="after")
    def _draws_what_is_allowed(self) -> Config:
        draws = self.randomize.draws
        if draws and (found := problems(draws, {"farm": self.farm, "workload": self.workload})):
            raise ValueError("; ".join(f"randomize.{problem}" for problem in found))
        return self
