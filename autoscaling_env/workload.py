"""The seam to a source of tasks: phases, or a recorded trace."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from autoscaling_env.config.environment import EnvironmentConfig
from autoscaling_env.types import TaskBatch


@runtime_checkable
class Workload(Protocol):
    """Draws all tasks of an episode. ``tests/contracts/workload.py`` states this contract as tests."""

    @property
    def name(self) -> str:
        """What a table or plot calls it."""
        ...

    @property
    def duration_s(self) -> float:
        """Seconds over which tasks arrive."""
        ...

    @property
    def mean_service_s(self) -> float:
        """Mean service time in seconds: what an observation window without a finished task reads."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the source on the way (fitted, thinned, capped), one sentence each; shown to the user."""
        ...

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Return the tasks of episode ``seed``; the same seed gives the same bytes in any process.

        Args:
            seed: the episode's seed, see ``autoscaling_env.rng``.
            phase_order_seed: shuffles the order of the phases (and nothing else) where there are phases.
        """
        ...


def draw_episode(workload: Workload, environment: EnvironmentConfig, episode: int) -> TaskBatch:
    """Return the tasks of episode ``episode`` as every environment draws them: phases shuffled if configured."""
    if not environment.phase_shuffle:
        return workload.draw(episode)
    order = environment.phase_shuffle_seed
    return workload.draw(episode, episode if order is None else order)
