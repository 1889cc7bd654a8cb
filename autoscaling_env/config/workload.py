"""Where the tasks come from: phases of a rate, or a recorded trace."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Literal, Self, TypeAlias
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, model_validator

from autoscaling_env.config.arrivals import ArrivalsConfig
from autoscaling_env.config.base import PositiveSeconds, Seconds, Section
from autoscaling_env.config.distributions import Distribution, Gamma
from autoscaling_env.errors import nearest

#: What a value counts, and what a number that is a time counts.
UNITS = ("count", "per_second", "per_minute", "per_hour", "s", "ms", "us", "ns")
Rate = Annotated[float, Field(ge=0, le=1e6)]
Tasks = Annotated[int, Field(ge=0, le=50_000_000)]


#: How far a value may go either way.
By = Annotated[float, Field(ge=0, le=1e9)]


class Spread(Section):
    """How far values of a phase go either way of what is declared, drawn evenly and anew for every episode."""

    duration_s: By = 0.0
    rate: By = 0.0
    factor: By = 0.0
    at_s: By = 0.0
    length_s: By = 0.0
    min_rate: By = 0.0
    max_rate: By = 0.0
    from_rate: By = 0.0
    to_rate: By = 0.0
    on_rate: By = 0.0
    off_rate: By = 0.0
    on_s: By = 0.0
    off_s: By = 0.0

    @property
    def by(self) -> dict[str, float]:
        """Key -> how far, of those that vary."""
        return self.model_dump(exclude_defaults=True)


class Phase(Section):
    """What all phases have. Rates are multiples of base_rate_per_min, times count from the phase's start."""

    duration_s: PositiveSeconds
    """Length of the phase."""
    name: str = ""
    """What a table calls it; the pattern if left out."""
    tasks: Tasks | None = None
    """Number of tasks, where arrivals are random the expected one; the (rounded) integral of the rate if left out."""
    arrivals: ArrivalsConfig | None = None
    """How they come; the workload's `arrivals` if left out."""
    spread: Spread = Spread()
    """Values that differ from episode to episode, and how far: `at_s: 60` is 60 s earlier to 60 s later."""

    @model_validator(mode="after")
    def _allowed_wherever_it_goes(self) -> Self:
        """Every rule over a phase's values is monotone in each of them: where all corners keep it, all between do."""
        own, by = type(self).model_fields, self.spread.by
        if wrong := [key for key in by if key not in own]:
            hint = nearest(wrong[0], sorted(own))
            raise ValueError(f"spread.{wrong[0]}{hint}: this pattern has no such value")
        declared = self.model_dump(exclude={"spread"})
        ends = [(declared[key] - far, declared[key] + far) for key, far in by.items()]
        for corner in product(*ends) if by else ():
            try:
                type(self).model_validate({**declared, **dict(zip(by, corner, strict=True))})
            except ValidationError as error:
                drawn = ", ".join(f"{key} {value:g}" for key, value in zip(by, corner, strict=True))
                said = error.errors()[0]["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
                raise ValueError(f"spread: {drawn} may be drawn: {said}") from None
        return self


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
    """Response time allowed per second of work."""
    floor_s: PositiveSeconds = 0.1
    """No deadline is shorter."""
    cap_s: PositiveSeconds = 3600
    """No deadline is longer."""

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
    arrivals: ArrivalsConfig | None = None
    """How tasks come in phases that do not say it themselves; `exact` if left out."""
    service: ServiceConfig
    """How long tasks take."""
    deadline: DeadlineConfig
    """How long they may take from arrival to collection."""

    @model_validator(mode="after")
    def _has_effect(self) -> PhasesConfig:
        if self.arrivals is not None and all(phase.arrivals is not None for phase in self.phases):
            raise ValueError(
                "arrivals has no effect: every phase has its own; set workload.phases.0.arrivals and so on, or leave "
                "them out there"
            )
        return self


class TraceConfig(Section):
    """A recorded trace. With no option given it is fitted to the farm, and the run says how."""

    kind: Literal["trace"]
    file: Annotated[str, Field(min_length=1)]
    """The trace; `.gz` is read as it is. A relative path starts at the working directory."""
    name: str = ""
    """What a table calls the workload; the file's name if left out."""
    format: Annotated[str, Field(min_length=1)] = "auto"
    """Recognised by its first lines if left out; formats of other packages, too."""
    column: str | None = None
    """Counts and rates: the column of values, where several may be it."""
    unit: str | None = None
    """What values count (count, per_second, per_minute, per_hour), what numbers that are times do (s, ms, us, ns)."""
    timezone: str | None = None
    """Zone of local times, such as Europe/Berlin."""
    gaps: Literal["zero", "skip"] | None = None
    """Counts and rates: whether nothing arrives in a gap (zero, if left out), or it is cut out (skip)."""
    series: str | None = None
    """Counts and rates: which of several series."""
    durations: str | None = None
    """azure2019: the file with the duration percentiles of the functions."""
    drop_without_durations: bool = False
    """azure2019: leave out functions the durations file does not know, instead of an error."""
    functions: tuple[str, ...] = ()
    """Azure formats, and tasks with names: only these, by the first characters of their hash or name."""
    start_s: Seconds = 0.0
    """Leave out what was recorded before; seconds from the start of the recording."""
    end_s: PositiveSeconds | None = None
    """Leave out what was recorded from here on; seconds from the start of the recording."""
    as_recorded: bool = False
    """Replay untouched: neither compressed nor thinned nor repeated."""
    mean_utilisation: Annotated[float, Field(gt=0, le=10)] = 0.5
    """Offered load to aim at, as a share of max_workers; not used when `load` is given."""
    compress: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """Recorded seconds per episode second; fitted to the episode's length if left out."""
    load: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """Tasks per recorded task: below 1 thins, above 1 repeats; fitted to mean_utilisation if left out."""
    max_tasks: Annotated[int, Field(ge=1, le=50_000_000)] | None = None
    """At most so many tasks: thinned further or, as recorded, the first ones."""
    segments: Annotated[int, Field(ge=1, le=10_000)] = 8
    """Stretches of equal length the emitter holds the trace in."""
    service_scale: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Factor on recorded service times."""
    service: ServiceConfig = ServiceConfig(distribution=Gamma(shape=4, mean_s=1.5), min_s=0.0465, max_s=2.8704)
    """Service times where none are recorded; those of the reference deployment if left out."""
    deadline: DeadlineConfig = DeadlineConfig(coefficient=2)
    """How long tasks may take, where no deadlines are recorded."""

    @model_validator(mode="after")
    def _consistent(self) -> TraceConfig:
        if self.unit is not None and (unknown := [part for part in self.unit.split(",") if part.strip() not in UNITS]):
            raise ValueError(f"unit {unknown[0].strip()!r}: must be one of {', '.join(UNITS)}, or two with a comma")
        if self.timezone is not None and self.timezone not in available_timezones():
            hint = nearest(self.timezone, available_timezones())
            raise ValueError(f"timezone {self.timezone!r}{hint}: must be one such as Europe/Berlin")
        if self.as_recorded and (self.compress is not None or self.load is not None):
            raise ValueError("as_recorded replays untouched; leave out compress and load")
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError(f"end_s {self.end_s:g} must lie after start_s {self.start_s:g}")
        return self


#: A source of tasks, by ``kind``.
WorkloadConfig: TypeAlias = Annotated[PhasesConfig | TraceConfig, Field(discriminator="kind")]
