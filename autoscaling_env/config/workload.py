"""Where the tasks come from: phases of a rate, or a recorded trace."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from autoscaling_env.config.base import PositiveSeconds, Seconds, Section
from autoscaling_env.config.distributions import Distribution

Rate = Annotated[float, Field(ge=0, le=1e6)]
Tasks = Annotated[int, Field(ge=0, le=50_000_000)]


class Phase(Section):
    """What all phases have. Rates are multiples of base_rate_per_min, times count from the phase's start."""

    duration_s: PositiveSeconds
    """Length of the phase."""
    name: str = ""
    """What a table calls it; the pattern if left out."""
    tasks: Tasks | None = None
    """Exact number of tasks; the rounded integral of the rate if left out."""


class SteadyPhase(Phase):
    """A constant rate."""

    pattern: Literal["steady", "constant"]
    rate: Rate
    """Multiple of base_rate_per_min."""


class BurstPhase(Phase):
    """A constant rate with one burst of ``factor`` times that rate."""

    pattern: Literal["burst"]
    rate: Rate
    """Rate outside the burst."""
    factor: Annotated[float, Field(ge=0, le=1e6)]
    """Rate at the height of the burst, as a multiple of `rate`."""
    at_s: Seconds
    """When the burst begins."""
    length_s: PositiveSeconds
    """How long it lasts."""
    shape: Literal["rectangle", "spike"] = "rectangle"
    """`rectangle`: full height throughout; `spike`: up to it and down again in straight lines."""

    @model_validator(mode="after")
    def _inside(self) -> BurstPhase:
        if self.at_s + self.length_s > self.duration_s:
            raise ValueError(
                f"the burst ends at at_s + length_s = {self.at_s + self.length_s:g}, "
                f"after the phase's duration_s {self.duration_s:g}"
            )
        return self


class OscillationPhase(Phase):
    """A sine between two rates: from the middle up to ``max_rate``, down to ``min_rate``, and back."""

    pattern: Literal["oscillation", "oscillation_slow", "oscillation_fast"]
    min_rate: Rate
    """Lowest rate."""
    max_rate: Rate
    """Highest rate."""
    cycles: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """Full swings within the phase; 1, and 4 for oscillation_fast, if left out."""

    @property
    def swings(self) -> float:
        """``cycles``, or what the pattern's name stands for."""
        return self.cycles or (4.0 if self.pattern == "oscillation_fast" else 1.0)

    @model_validator(mode="after")
    def _ordered(self) -> OscillationPhase:
        if self.min_rate > self.max_rate:
            raise ValueError(f"min_rate {self.min_rate:g} must not exceed max_rate {self.max_rate:g}")
        return self


class RampPhase(Phase):
    """A rate that rises or falls in a straight line."""

    pattern: Literal["ramp"]
    from_rate: Rate
    """Rate at the start of the phase."""
    to_rate: Rate
    """Rate at its end."""


class OnOffPhase(Phase):
    """Two rates in turn, starting with ``on_rate``."""

    pattern: Literal["on_off"]
    on_rate: Rate
    """Rate while on."""
    off_rate: Rate = 0.0
    """Rate while off."""
    on_s: PositiveSeconds
    """Length of each on period."""
    off_s: PositiveSeconds
    """Length of each off period."""

    @model_validator(mode="after")
    def _bounded(self) -> OnOffPhase:
        if self.duration_s / (self.on_s + self.off_s) > 10_000:
            raise ValueError("at most 10000 on/off periods in a phase; make on_s and off_s longer")
        return self


#: One phase, by ``pattern``.
AnyPhase: TypeAlias = Annotated[
    SteadyPhase | BurstPhase | OscillationPhase | RampPhase | OnOffPhase, Field(discriminator="pattern")
]


class ServiceConfig(Section):
    """How long tasks take."""

    distribution: Distribution
    """Seconds of work, before clipping."""
    min_s: Seconds = 0.0
    """Shorter ones are clipped to this."""
    max_s: PositiveSeconds = 1e9
    """Longer ones are clipped to this."""

    @model_validator(mode="after")
    def _ordered(self) -> ServiceConfig:
        if self.min_s > self.max_s:
            raise ValueError(f"min_s {self.min_s:g} must not exceed max_s {self.max_s:g}")
        return self


class DeadlineConfig(Section):
    """deadline = coefficient x service time, within [floor_s, cap_s]."""

    coefficient: Annotated[float, Field(gt=0, le=1e6)]
    floor_s: PositiveSeconds
    cap_s: PositiveSeconds

    @model_validator(mode="after")
    def _ordered(self) -> DeadlineConfig:
        if self.floor_s > self.cap_s:
            raise ValueError(f"floor_s {self.floor_s:g} must not exceed cap_s {self.cap_s:g}")
        return self


class PhasesConfig(Section):
    """Phases, one after the other."""

    kind: Literal["phases"]
    name: str = "phases"
    """What a table calls the workload."""
    base_rate_per_min: Annotated[float, Field(gt=0, le=1e9)]
    """Tasks a minute at rate 1."""
    phases: Annotated[tuple[AnyPhase, ...], Field(min_length=1, max_length=10_000)]
    """In the order they run, unless shuffled."""
    service: ServiceConfig
    """How long tasks take."""
    deadline: DeadlineConfig
    """How long they may take from arrival to collection."""


WorkloadConfig = PhasesConfig
