"""What a user says about a trace beyond its name: which of its columns and series, in which units and time zone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from autoscaling_env.config.workload import TraceConfig

#: What a value counts: tasks of its interval, or a rate -> seconds that it is per.
PER_SECONDS = {"count": None, "per_second": 1.0, "per_minute": 60.0, "per_hour": 3600.0}
#: What a number that is a time counts -> seconds.
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class Options:
    """Options of all formats; a format refuses those that mean nothing to it.

    Attributes:
        column: of the values.
        unit: of the values or of numbers that are times, or both with a comma between.
        timezone: of local times.
        gaps: whether nothing arrives in a gap, or it is cut out.
        series: the one of several that is read.
    """

    column: str | None = None
    unit: str | None = None
    timezone: str | None = None
    gaps: Literal["zero", "skip"] | None = None
    series: str | None = None

    @classmethod
    def of(cls, config: TraceConfig) -> Options:
        """Return what the configuration says."""
        return cls(**{each.name: getattr(config, each.name) for each in fields(cls)})

    @property
    def given(self) -> dict[str, str]:
        """Those that were given, by name."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: str(value) for name, value in values.items() if value is not None}

    @property
    def value_unit(self) -> str | None:
        """What a value counts, where it is said."""
        return next((part for part in self._units if part in PER_SECONDS), None)

    @property
    def time_unit(self) -> str | None:
        """What a number that is a time counts, where it is said."""
        return next((part for part in self._units if part in TIME_UNITS), None)

    @property
    def _units(self) -> list[str]:
        return [part.strip() for part in (self.unit or "").split(",")]
