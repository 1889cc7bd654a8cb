"""Phases of which some values are drawn anew for every episode: a crowd at any time, a day of any height."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from autoscaling_env.config.workload import AnyPhase, PhasesConfig
from autoscaling_env.rng import stream
from autoscaling_env.types import TaskBatch
from workloads.phased import PhasedWorkload


class VariedPhases:
    """Draws an episode's phases, then its tasks as ``PhasedWorkload`` does.

    The values come from the stream ``spread`` of the episode's seed, evenly from what was declared less its spread to
    what was declared plus it, a number for each in the order of the file; so neither shuffling nor the arrivals
    shift them. Between the ends the mean of a value is what was declared.
    """

    def __init__(self, config: PhasesConfig) -> None:
        """Precompute what no seed changes.

        Raises:
            ConfigError: as declared, or with all values at one end, ``PhasedWorkload`` refuses the phases.
        """
        self._config = config
        self._declared, _, longest = (PhasedWorkload(_with(config, partial(float, end))) for end in (0, -1, 1))
        self.duration_s = longest.duration_s

    @property
    def name(self) -> str:
        """What a table or plot calls it."""
        return self._declared.name

    @property
    def mean_service_s(self) -> float:
        """Mean service time in seconds, after clipping."""
        return self._declared.mean_service_s

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing was done to the source: the phases are what the configuration says."""
        return ()

    def phases(self, seed: int) -> PhasesConfig:
        """Return the phases of episode ``seed``."""
        rng = stream(seed, "spread")
        return _with(self._config, lambda: rng.uniform(-1.0, 1.0))

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Return the tasks of episode ``seed``; see the class for what comes from which stream."""
        return self.for_episode(seed).draw(seed, phase_order_seed)

    def for_episode(self, seed: int) -> PhasedWorkload:
        """Return the workload with the phases of episode ``seed``."""
        return PhasedWorkload(self.phases(seed))


def varies(config: PhasesConfig) -> bool:
    """Whether episodes differ in more than their tasks."""
    return any(phase.spread.by for phase in config.phases)


def _with(config: PhasesConfig, share: Callable[[], float]) -> PhasesConfig:
    """Return the phases with every value moved by a share of its spread, -1 to 1."""
    return config.model_copy(update={"phases": tuple(_moved(phase, share) for phase in config.phases)})


def _moved(phase: AnyPhase, share: Callable[[], float]) -> AnyPhase:
    return phase.model_copy(update={key: getattr(phase, key) + share() * far for key, far in phase.spread.by.items()})
