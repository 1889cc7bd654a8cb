"""The seam to a source of tasks: phases, or a recorded trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, TypeAlias, TypeGuard, TypeVar, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config.distributions import Distribution
from autoscaling_env.config.environment import EnvironmentConfig
from autoscaling_env.pacing import Pace, pace
from autoscaling_env.types import FloatArray, TaskBatch

#: An episode seed, or an array of them.
Seeds = TypeVar("Seeds", int, NDArray[np.int64])
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
class Varied(Workload, Protocol):
    """A workload whose episodes differ in more than their tasks: each is drawn by a workload of its own."""

    def for_episode(self, seed: int) -> Workload:
        """Return the workload whose tasks of episode ``seed`` are those of this one."""
        ...


class DrawnRows(NamedTuple):
    """The tasks of one episode, or of many with a row each.

    Attributes:
        arrival_s: float64[..., n], sorted; inf from the row's ``tasks`` on.
        service_s: float64[..., n].
        deadline_s: float64[..., n].
        segment_start_s: float64[m], or float64[..., m] where every row has its own.
        tasks: int64[...], how many each row has; None: all n.
    """

    arrival_s: FloatArray
    service_s: FloatArray
    deadline_s: FloatArray
    segment_start_s: FloatArray
    tasks: NDArray[np.int64] | None = None


@runtime_checkable
class DrawsRows(Workload, Protocol):
    """A workload that can be given its random numbers, and so draw the episodes of many seeds at once."""

    @property
    def most_tasks(self) -> int:
        """No episode has more tasks: room for all is made before threads draw into it."""
        ...

    def draw_from(self, streams: StreamsByName, phase_order_seed: int | None = None, pace: Pace = pace) -> DrawnRows:
        """Return the tasks.

        Args:
            streams: gives the generator of a name (``autoscaling_env.rng.STREAMS``). Where what these draw has a
                row for each of k seeds, so has what is returned, each row as ``draw`` would have made it.
            phase_order_seed: as for ``draw``, the same for all.
            pace: ``autoscaling_env.pacing.pace``, from a caller that has it compiled.
        """
        ...


class DrawingPlan(NamedTuple):
    """A workload as numbers: what a device needs to draw its episodes, all alike but for their random numbers.

    Attributes:
        phases: float64[p, len(PHASE)], see ``PHASE``; one after the other, or one process through all of them.
        knots: float64[k, len(KNOT)], see ``KNOT``: the rate is linear between two of them.
        segment_start_s: float64[m].
        most_tasks: no episode has more.
        service: a distribution of ``autoscaling_env.config.distributions``.
        service_bounds_s: service times are clipped to them.
        deadline: coefficient of the service time, floor and cap in seconds.
    """

    phases: FloatArray
    knots: FloatArray
    segment_start_s: FloatArray
    most_tasks: int
    service: Distribution
    service_bounds_s: tuple[float, float]
    deadline: tuple[float, float, float]


#: Of ``DrawingPlan.phases``: 0 for exactly the expected number, 1 for a renewal process; tasks; coefficient of
#: variation of the gaps; first knot, and the one behind the last; its last moment.
PHASE = ("kind", "expected", "cv", "first", "behind", "end_s")
#: Of ``DrawingPlan.knots``: when, tasks expected since the phase began, rate, and its slope from here on.
KNOT = ("time_s", "level", "rate", "slope")


@runtime_checkable
class Planned(Workload, Protocol):
    """A workload that can be drawn from numbers."""

    def drawing_plan(self) -> DrawingPlan:
        """Return them.

        Raises:
            InputError: its arrivals cannot be drawn so; the line says what can be.
        """
        ...


def draws_rows(workload: Workload) -> TypeGuard[DrawsRows]:
    """Whether a workload draws many episodes at once; asking a protocol costs as much as drawing one."""
    return hasattr(workload, "draw_from")


def level_of(environment: EnvironmentConfig, drawn: Seeds) -> Seeds:
    """Return the seed of the episode that is played where ``drawn`` was drawn: one of the levels, where there are."""
    if environment.levels is None:
        return drawn
    return environment.first_level + drawn % environment.levels


def levels_of(environment: EnvironmentConfig, drawn: Iterable[int]) -> tuple[int, ...]:
    """Return ``level_of`` each: what training episodes are where their seeds were drawn."""
    return tuple(level_of(environment, seed) for seed in drawn)


def draw_episode(workload: Workload, environment: EnvironmentConfig, episode: int) -> TaskBatch:
    """Return the tasks of episode ``episode`` as every environment draws them: phases shuffled if configured."""
    return workload.draw(episode, phase_order(environment, episode))


def phase_order(environment: EnvironmentConfig, episode: int) -> int | None:
    """Return the seed of the order of phases in episode ``episode``; None: as declared."""
    if not environment.phase_shuffle:
        return None
    order = environment.phase_shuffle_seed
    return episode if order is None else order


def of_episode(workload: Workload, episode: int) -> Workload:
    """Return the workload that draws the tasks of ``episode``: itself, where episodes differ in nothing but tasks."""
    while hasattr(workload, "for_episode"):  # asking a protocol costs as much as drawing one
        workload = cast("Varied", workload).for_episode(episode)
    return workload
