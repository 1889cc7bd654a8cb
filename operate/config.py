"""The configuration of a controller: whose queue, whose workers, who decides, what is promised, what may not happen."""

from __future__ import annotations

import math
import operator
import re
from functools import cache, reduce
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model, model_validator

from autoscaling_env.config.base import Section, Share, Workers
from operate.kinds import source_kinds, target_kinds


def _seconds(value: Any) -> Any:
    """Return seconds for what people write, such as 30s, 5m, 1h30m, 7d; numbers are seconds already."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    import pandas as pd

    try:
        text = re.sub(r"(\d)\s*d\b", r"\1D", str(value))  # days, as people write them
        seconds = float(text) if text.replace(".", "", 1).isdecimal() else pd.Timedelta(text).total_seconds()
    except (ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise ValueError("must be a duration such as 30s, 5m or 24h, or seconds")
    return seconds


#: Seconds, written as people do.
Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=1e9)]
#: The same, or none at all.
Pause = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=1e9)]
Count = Annotated[int, Field(ge=1, le=100_000)]


class ObjectiveConfig(Section):
    """What is promised of tasks, and what workers cost."""

    finish_within: Duration | None = None
    """A task is in time when it is finished so soon after it came."""
    start_within: Duration | None = None
    """A task is in time when a worker has taken it so soon after it came."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.99
    """Share of tasks to be in time."""
    window: Duration = 3600.0
    """The share is looked at over this time."""
    cost_per_worker_hour: Annotated[float, Field(ge=0, le=1e9)] = 1.0
    """Price of a worker for an hour, in whatever money."""

    @model_validator(mode="after")
    def _one_promise(self) -> ObjectiveConfig:
        if (self.finish_within is None) == (self.start_within is None):
            raise ValueError("say either finish_within or start_within")
        return self

    @property
    def within_s(self) -> float:
        """The time that is promised."""
        return self.finish_within if self.finish_within is not None else self.start_within or 0.0


class BoundsConfig(Section):
    """The count never leaves these."""

    min: Workers = 1
    """Never fewer workers than this."""
    max: Count
    """Never more workers than this."""

    @model_validator(mode="after")
    def _in_order(self) -> BoundsConfig:
        if self.min > self.max:
            raise ValueError(f"min {self.min} must not exceed max {self.max}")
        return self


class TasksConfig(Section):
    """What is believed of tasks until more is seen."""

    service_time: Duration = 1.0
    """Mean work of a task; what is seen takes its place."""
    variation: Annotated[float, Field(ge=0, le=10)] = 1.0
    """Standard deviation of the work over its mean."""


class WorkersConfig(Section):
    """What is believed of workers until more is seen."""

    startup_time: Pause = 10.0
    """From asking for a worker to its being ready."""


class WatchdogConfig(Section):
    """Steps down when it goes worse than under the autoscaler that was there before."""

    factor: Annotated[float, Field(ge=1, le=1000)] = 2.0
    """Steps down when tasks miss their time so many times as often as they did while we only watched."""
    window: Duration = 600.0
    """The misses of this time are looked at."""
    pause: Duration = 3600.0
    """The policy stays down so long."""


class FamiliarConfig(Section):
    """What the policy may be asked about: beyond it the fallback decides."""

    factor: Annotated[float, Field(ge=1, le=1000)] = 3.0
    """Rates up to so many times the highest that it knows."""
    ticks: Count = 3
    """So many ticks in a row, so that one strange reading does nothing."""


class SpareBusyConfig(Section):
    """A scale-in leaves workers that have work in hand, where the source tells how much there is."""

    tasks_at_once: Count = 1
    """Tasks that a worker has in hand at a time, those that it has fetched ahead included."""
    longest: Duration = 600.0
    """After a scale-in was held for so long in all, work in hand is not believed for as long: tasks may have leaked."""


class GuardrailsConfig(Section):
    """What may not happen, whatever the policy says. Left out or null: no limit."""

    change_per_tick: Count | None = None
    """The count changes by at most this in a tick."""
    change_per_minute: Count | None = None
    """The changes of a minute add up to at most this."""
    clear_overdue: Duration | None = 300.0
    """While the oldest task is overdue there are at least so many workers that what waits is gone in this time."""
    scale_in_cooldown: Pause = 60.0
    """After a scale-in the next one waits so long."""
    spare_busy: SpareBusyConfig | None = SpareBusyConfig()
    """A scale-in takes no more workers than have nothing to do, where the source tells; null: as many as is wanted."""
    worker_hours_per_day: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """Worker-hours of a day (UTC); what the least count needs for the rest of the day is kept back."""
    stale_after: Duration = 30.0
    """Telemetry older than this is stale, and the count is held."""
    decide_within: Duration = 2.0
    """A policy that takes longer is late, and the fallback decides."""
    fallback: str = "hpa"
    """The policy that decides when the other one cannot: any name of a rule."""
    fallback_settings: dict[str, Any] = Field(default_factory=dict)
    """Values of the simulator's configuration for the fallback, such as `agents.hpa.target`."""
    hands_off: Pause = 600.0
    """After somebody else changed the count nothing is written so long; 0: we go on."""
    watchdog: WatchdogConfig | None = WatchdogConfig()
    """Steps down to the fallback when the promise is broken more than before; null: never."""
    familiar: FamiliarConfig | None = FamiliarConfig()
    """The fallback decides on what the policy cannot know; null: the policy always does."""


class PageConfig(Section):
    """Where metrics, health and the page are served."""

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 in a pod."""
    port: Annotated[int, Field(ge=0, le=65535)] = 9095
    """Port to listen on; 0: any that is free."""


class JournalConfig(Section):
    """How long the journal is kept."""

    keep: Duration = 30 * 86400.0
    """Records older than this are removed, a file at a time."""
    file_megabytes: Annotated[float, Field(gt=0, le=10_000)] = 64.0
    """A file is closed at this size, or at the end of the day (UTC)."""


class OperateConfig(Section):
    """A controller of somebody's queue."""

    source: Any
    """Whose queue."""
    target: Any
    """Whose workers."""
    policy: str = "hpa"
    """Who decides: a rule, a model file, a run folder, `module:factory`, `planner`, or a plug-in."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Values of the simulator's configuration for the policy, such as `agents.hpa.target`."""
    objective: ObjectiveConfig
    """What is promised."""
    bounds: BoundsConfig
    """The least and most workers."""
    tasks: TasksConfig = TasksConfig()
    """What is believed of tasks."""
    workers: WorkersConfig = WorkersConfig()
    """What is believed of workers."""
    guardrails: GuardrailsConfig = GuardrailsConfig()
    """What may not happen."""
    mode: Literal["shadow", "act"] = "shadow"
    """`shadow` only watches and says what it would do; `act` does it."""
    interval: Duration = 8.0
    """Between decisions."""
    observation_window: Duration = 40.0
    """The policy sees rates and times of this long."""
    recall: Pause = 0.0
    """The source is asked for the arrivals of this time, where it can tell, as the policy's history."""
    period: Duration = 86400.0
    """After this long things are expected to repeat; the policy begins anew at its multiples (UTC)."""
    state: Annotated[Path, Field(strict=False)] = Path("operate-state")
    """Folder of journal and state."""
    lease: str = ""
    """Name of the Lease by which one of several controllers leads; empty: there is only this one."""
    page: PageConfig | None = PageConfig()
    """Where metrics, health and the page are served; null: nowhere."""
    journal: JournalConfig = JournalConfig()
    """How long the journal is kept."""

    @model_validator(mode="after")
    def _together(self) -> OperateConfig:
        if self.guardrails.stale_after < self.interval:
            raise ValueError(
                f"guardrails.stale_after {self.guardrails.stale_after:g} s must not be shorter than the interval "
                f"{self.interval:g} s: every reading would be stale"
            )
        if 2 * self.guardrails.decide_within > self.interval:
            raise ValueError(
                f"guardrails.decide_within {self.guardrails.decide_within:g} s must be at most half the interval of "
                f"{self.interval:g} s: policy and fallback have to answer before the next decision"
            )
        return self


@cache
def operate_model() -> type[OperateConfig]:
    """Return the configuration with the settings of every kind of source and target that is installed."""
    return create_model(
        "OperateConfig",
        __base__=OperateConfig,
        __doc__=OperateConfig.__doc__,
        source=(_one_of([kind.settings for kind in source_kinds().values()]), Field(description="Whose queue.")),
        target=(_one_of([kind.settings for kind in target_kinds().values()]), Field(description="Whose workers.")),
    )


def _one_of(sections: list[type[Section]]) -> Any:
    union = reduce(operator.or_, sections)
    return Annotated[union, Field(discriminator="kind")] if len(sections) > 1 else union


__all__ = ["Duration", "OperateConfig", "Pause", "Share", "operate_model"]
