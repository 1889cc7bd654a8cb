"""Where the tasks come from: phases of a rate, or a recorded trace."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from autoscaling_env.config.base import PositiveSeconds, Seconds, Section
from autoscaling_env.config.distributions import Distribution


class SteadyPhase(Section):
    """A constant rate."""

    pattern: Literal["steady", "constant"]
    duration_s: PositiveSeconds
    """Length of the phase."""
    rate: Annotated[float, Field(ge=0, le=1e6)]
    """Multiple of base_rate_per_min."""
    name: str = ""
    """What a table calls it."""


class ServiceConfig(Section):
    """How long tasks take."""

    distribution: Distribution
    """Seconds of work, before clipping."""
    min_s: Seconds = 0.0
    """Shorter ones are clipped to this."""
    max_s: PositiveSeconds = 1e9
    """Longer ones are clipped to this."""


class DeadlineConfig(Section):
    """deadline = coefficient x service time, within [floor_s, cap_s]."""

    coefficient: Annotated[float, Field(gt=0, le=1e6)]
    floor_s: PositiveSeconds
    cap_s: PositiveSeconds


class PhasesConfig(Section):
    """Phases, one after the other."""

    kind: Literal["phases"]
    base_rate_per_min: Annotated[float, Field(gt=0, le=1e9)]
    """Tasks a minute at rate 1."""
    phases: Annotated[tuple[SteadyPhase, ...], Field(min_length=1)]
    service: ServiceConfig
    deadline: DeadlineConfig


WorkloadConfig = PhasesConfig
