"""What a step brought, before it has names: the farm's facts, the episode's counts, what became of the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from autoscaling_env.actions import Actions
from autoscaling_env.types import Observation, ScaleOutcome, TaskBatch, Telemetry

if TYPE_CHECKING:
    from autoscaling_env.config import Config
    from autoscaling_env.workload import Workload


@dataclass(slots=True)
class EpisodeCounts:
    """Running counts of one episode of ``tasks`` tasks."""

    tasks: int
    steps: int = 0
    processed: int = 0
    processed_in_step: int = 0
    missed: int = 0
    missed_in_step: int = 0

    def add(self, telemetry: Telemetry) -> None:
        """Count what one more step brought."""
        self.steps += 1
        self.processed_in_step = len(telemetry.deadline_met)
        self.missed_in_step = self.processed_in_step - int(np.count_nonzero(telemetry.deadline_met))
        self.processed += self.processed_in_step
        self.missed += self.missed_in_step

    @property
    def final_qos(self) -> float:
        """Share of deadlines met so far; 1 if nothing was collected."""
        return (self.processed - self.missed) / self.processed if self.processed else 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """A step, or the reset before the first one.

    Attributes:
        farm: raw facts at its end.
        counts: of the episode so far.
        outcome: what came of the scaling request.
        requested_delta: change asked for by the action.
        applied_delta: change of the requested count that came of it.
        episode_seed: of the episode.
        actions: of the environment.
        step_s: seconds between decisions.
    """

    farm: Telemetry
    counts: EpisodeCounts
    outcome: ScaleOutcome
    requested_delta: int
    applied_delta: int
    episode_seed: int
    actions: Actions
    step_s: float


class Stepping(Protocol):
    """Resets and steps an environment, whole: what it returns is the environment's, to the bit.

    Attributes:
        batch: the tasks of the episode.
    """

    batch: TaskBatch

    def reset(self, episode: int) -> tuple[Observation, dict[str, Any]]:
        """Start the episode of this seed."""
        ...

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Step by an action of the environment."""
        ...


@runtime_checkable
class PlaysSteps(Protocol):
    """A farm that can play the environment's steps itself, faster than it can be asked for telemetry."""

    def stepping(self, config: Config, workload: Workload, reward: Callable[[Any], Any] | None) -> Stepping | None:
        """Return what plays them, on this farm; None: it cannot, where the environment is like this.

        Args:
            config: of the environment.
            workload: of the environment.
            reward: the reward function, where it is at hand.
        """
        ...
