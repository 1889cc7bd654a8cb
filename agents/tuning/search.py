"""Grid or random search over a rule's settings, and the trials worth looking at."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.tuning.space import Parameter, Settings


@dataclass(frozen=True, slots=True)
class Score:
    """What one setting came to: share of deadlines met, 0-1, and worker-seconds paid for."""

    qos: float
    worker_seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A setting and its score."""

    settings: Settings
    score: Score


#: Plays a setting in simulation; the caller decides on which episodes.
Evaluate = Callable[[Settings], Score]
#: Called with (trials done, trials in all).
Progress = Callable[[int, int], None]


def tune(
    space: Sequence[Parameter],
    evaluate: Evaluate,
    budget: int,
    rng: np.random.Generator,
    on_progress: Progress | None = None,
) -> list[Trial]:
    """Try at most ``budget`` settings: all of them if there are so few, else a random sample without repetition.

    The setting made of every first value is always among them. The same generator state gives the same
    trials in the same order.
    """
    chosen = settings_to_try(space, budget, rng)
    trials: list[Trial] = []
    for settings in chosen:
        trials.append(Trial(settings, evaluate(settings)))
        if on_progress is not None:
            on_progress(len(trials), len(chosen))
    return trials


def settings_to_try(space: Sequence[Parameter], budget: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return the settings of :func:`tune`, the usual one first."""
    if budget < 1:
        raise ValueError(f"a search needs a budget of at least one trial, not {budget}")
    sizes = [len(parameter.values) for parameter in space]
    total = math.prod(sizes)
    others = range(1, total) if total <= budget else 1 + _distinct(total - 1, budget - 1, rng)
    return [_setting(space, int(index)) for index in itertools.chain([0], others)]


def pareto(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials no other beats: none has at least the QoS for at most the cost, and one of both better.

    Sorted by worker-seconds; of equal scores the first one stays.
    """
    best: list[Trial] = []
    for trial in sorted(trials, key=lambda trial: (trial.score.worker_seconds, -trial.score.qos)):
        if not best or trial.score.qos > best[-1].score.qos:
            best.append(trial)
    return best


def cheapest_meeting(trials: Iterable[Trial], slo: float) -> Trial | None:
    """Return the cheapest trial with a QoS of at least ``slo``; None if there is none."""
    return next((trial for trial in pareto(trials) if trial.score.qos >= slo), None)


def _distinct(total: int, count: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.sort(rng.choice(total, size=count, replace=False))


def _setting(space: Sequence[Parameter], index: int) -> dict[str, Any]:
    """Return setting ``index`` of the grid; 0 is the first value of everything."""
    setting = {}
    for parameter in space:
        index, position = divmod(index, len(parameter.values))
        setting[parameter.key] = parameter.values[position]
    return setting
