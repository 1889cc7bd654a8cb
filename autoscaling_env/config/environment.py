"""The environment: how often the agent decides, what it may do and how far back it looks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from autoscaling_env.config.base import PositiveSeconds, Section
from autoscaling_env.rng import LEVELS

#: As far as the largest farm reaches.
Delta = Annotated[int, Field(ge=-100_000, le=100_000)]


class SeenField(Section):
    """A number that the agent sees; in a list its name alone will do."""

    field: str
    """A column of the step, see docs/environment.md."""
    history: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many of its last values are seen, the oldest first."""

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        return {"field": given} if isinstance(given, str) else given


class EnvironmentConfig(Section):
    """The decision loop around the farm."""

    step_duration_s: PositiveSeconds
    """Seconds between decisions."""
    observation_window_s: PositiveSeconds
    """Seconds the sliding window of the last four observations reaches back."""
    max_steps: Annotated[int, Field(ge=1, le=10_000_000)]
    """Decisions until the episode is truncated."""
    action: Literal["delta", "target"] = "delta"
    """What an action says: a change from `action_deltas`, or the wanted count itself (0 stands for `min_workers`)."""
    action_deltas: Annotated[tuple[Delta, ...], Field(min_length=1)]
    """Change of the worker count for each action, where an action is a change."""
    observation: Annotated[tuple[SeenField, ...], Field(min_length=1)] | None = None
    """What the agent sees, in this order; the nine numbers of the reference deployment if left out."""
    phase_shuffle: bool = False
    """Shuffle the order of the workload's phases in every episode."""
    phase_shuffle_seed: Annotated[int, Field(ge=0)] | None = None
    """Fixes the order of all episodes; without it each episode has its own."""
    levels: Annotated[int, Field(ge=1, le=LEVELS)] | None = None
    """Episodes are chosen from so many, which come again and again; unlimited if left out."""
    level_set: Literal["train", "test"] = "train"
    """Which levels: no level of one set is in the other."""
    start_level: Annotated[int, Field(ge=0, lt=LEVELS)] = 0
    """Number of the first level within its set."""

    @property
    def first_level(self) -> int:
        """Episode seed of the first level; the others follow."""
        return self.start_level + (LEVELS if self.level_set == "test" else 0)

    @model_validator(mode="after")
    def _levels_are_some(self) -> EnvironmentConfig:
        if self.levels is None and (self.start_level or self.level_set != "train"):
            name = "start_level" if self.start_level else "level_set"
            raise ValueError(f"{name} has no effect without levels")
        if self.levels is not None and self.start_level + self.levels > LEVELS:
            raise ValueError(f"start_level + levels = {self.start_level + self.levels} must not exceed {LEVELS}")
        return self

    @model_validator(mode="after")
    def _an_order_is_shuffled(self) -> EnvironmentConfig:
        if self.phase_shuffle_seed is not None and not self.phase_shuffle:
            raise ValueError("phase_shuffle_seed has no effect without phase_shuffle: true")
        return self

    @field_validator("action_deltas")
    @classmethod
    def _distinct_with_a_keep(cls, deltas: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(deltas)) != len(deltas):
            raise ValueError("each change may be listed once")
        if 0 not in deltas:
            raise ValueError("0 (keep) must be among them")
        return deltas
