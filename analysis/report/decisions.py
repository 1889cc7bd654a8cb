"""Decisions that say why they were made, read from ``decisions.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoscaling_env.types import FloatArray

#: The quantiles that are drawn, as the file names them.
LEVELS = ("0.05", "0.25", "0.5", "0.75", "0.95")


@dataclass(frozen=True, slots=True)
class Plan:
    """Workers wanted at each of the next steps, and the means over what was imagined to follow."""

    wanted: tuple[int, ...]
    reward: float
    missed: float
    worker_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """One decision.

    Attributes:
        step: the step that it led to, the first one that is foreseen.
        forecast: float64[5, horizon], tasks of each step at ``LEVELS``.
        plans: the chosen one first.
        because: one sentence.
    """

    step: int
    forecast: FloatArray
    plans: tuple[Plan, ...]
    because: str


#: The decisions of each agent's episodes, in the order of the steps.
Decisions = Mapping[tuple[str, int], tuple[Decision, ...]]


def parse_decisions(text: str) -> Decisions:
    """Return what the lines of a file tell.

    Raises:
        ValueError: a line is not what it should be; the message begins with its number.
    """
    found: dict[tuple[str, int], list[Decision]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            told = json.loads(line)
            found.setdefault((str(told["agent"]), int(told["episode"])), []).append(_decision(told))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"line {number}: {error!r}") from None
    return {key: tuple(sorted(each, key=lambda decision: decision.step)) for key, each in found.items()}


def _decision(told: dict[str, Any]) -> Decision:
    forecast = np.array([told["forecast"][level] for level in LEVELS], dtype=float)
    if forecast.ndim != 2 or not forecast.size or not np.isfinite(forecast).all():
        raise ValueError("forecast: not the same number of tasks for every quantile")
    plans = tuple(_plan(plan) for plan in told.get("plans", ()))
    return Decision(int(told["step"]), forecast, plans, str(told["because"]))


def _plan(told: dict[str, Any]) -> Plan:
    values = [float(told[name]) for name in ("reward", "missed", "worker_seconds")]
    if not np.isfinite(values).all():
        raise ValueError("plans: not a number")
    return Plan(tuple(int(count) for count in told["wanted"]), *values)
