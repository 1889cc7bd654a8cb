"""The farm: bounds, delays, and what the platform adds to a task."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from autoscaling_env.config.base import Seconds, Section, Workers
from autoscaling_env.config.distributions import Constant, Distribution


class FarmConfig(Section):
    """How the farm behaves, whoever decides."""

    min_workers: Workers
    """Never fewer workers than this."""
    max_workers: Annotated[int, Field(ge=1, le=100_000)]
    """Never more workers than this."""
    initial_workers: Workers
    """Workers ready at the start of an episode."""
    pickup: Distribution
    """Seconds until an idle worker notices a task: uniform on [0, poll interval]; 0 with blocking pops."""
    collect_s: Seconds
    """Seconds the collector spends on each result."""
    startup: Distribution
    """Seconds from asking for a worker to its being ready."""
    service_overhead: Distribution = Constant(value_s=0.0)
    """Seconds the platform adds to the work of each task; measured by `autoscale calibrate`."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> FarmConfig:
        if self.min_workers > self.max_workers:
            raise ValueError(f"min_workers {self.min_workers} must not exceed max_workers {self.max_workers}")
        if not self.min_workers <= self.initial_workers <= self.max_workers:
            raise ValueError(
                f"initial_workers {self.initial_workers} must lie in "
                f"[min_workers, max_workers] = [{self.min_workers}, {self.max_workers}]"
            )
        return self
