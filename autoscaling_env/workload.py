"""The seam to a source of tasks: phases, or a recorded trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from autoscaling_env.config.environment import EnvironmentConfig
from autoscaling_env.types import FloatArray, TaskBatch

#: Gives the generator of a named stream.
StreamsByName: TypeAlias = Callable[[str], np.random.Generator]


@runtime_checkable
class Workload(Protocol):
    """Draws all tasks of an episode. ``autoscaling_env/testing/workload.py`` states this contract as tests."""

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


@runtime_checkable
class DrawsRows(Workload, Protocol):
    """A workload that can be given its random numbers, and so draw the episodes of many seeds at once."""

    def draw_from(self, streams: StreamsByName, phase_order_seed: int | None = None) -> tuple[FloatArray, ...]:
        """Return arrival_s, service_s and deadline_s, all float64[..., n], and segment_start_s, float64[m].

        Args:
            streams: gives the generator of a name (``autoscaling_env.rng.STREAMS``). Where what these draw has a
                row for each of k seeds, so has what is returned, each row as ``draw`` would have made it.
            phase_order_seed: as for ``draw``, the same for all.
        """
        ...


def draw_episode(workload: Workload, environment: EnvironmentConfig, episode: int) -> TaskBatch:
    """Return the tasks of episode ``episode`` as every environment draws them: phases shuffled if configured."""
    if not environment.phase_shuffle:
        return workload.draw(episode)
    order = environment.phase_shuffle_seed
    return workload.draw(episode, episode if order is None else order)
