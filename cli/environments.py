"""What makes environments for training; a workload is read once, whatever is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.workload import Workload
from cli.settings import load_workload

if TYPE_CHECKING:
    from simulator.vector_env import AutoscalingVectorEnv

#: Farms that the compiled vector environment plays to the bit.
VECTORISED = frozenset({"sim", "compiled"})


class Factories:
    """Makes single and, where the farm allows it, vector environments of one farm.

    Attributes:
        many: makes a vector environment; None where the farm has none.
    """

    def __init__(self, farm: str, *, quiet: bool = False, known: dict[Config, Workload] | None = None) -> None:
        self._farm, self._quiet = farm, quiet
        self._workloads = known or {}
        self.many = self._many if farm in VECTORISED else None

    def workload(self, config: Config) -> Workload:
        """Return the configuration's workload."""
        if config not in self._workloads:
            self._workloads[config] = load_workload(config, quiet=self._quiet)
        return self._workloads[config]

    def one(self, config: Config) -> OpenFaaSAutoscalingEnv:
        """Return an environment of its own."""
        return OpenFaaSAutoscalingEnv(config=config, workload=self.workload(config), backend=self._farm)

    def _many(self, config: Config, count: int) -> AutoscalingVectorEnv:
        from simulator.vector_env import AutoscalingVectorEnv

        return AutoscalingVectorEnv(count, config=config, workload=self.workload(config))
