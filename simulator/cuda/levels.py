"""Levels drawn on this machine, as the compiled farm plays them, and laid out for a device that many farms share."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.types import FloatArray
from autoscaling_env.workload import DrawingPlan, Workload
from simulator.compiled.episodes import EpisodeBatch
from simulator.compiled.state import WINDOW, Episodes, Rules
from simulator.compiled.streams import Streams
from simulator.cuda import arrays

#: Room for workers that leave and still hold a task, beside those the configuration allows.
SPARE_WORKERS = 32
#: Start-up delays a level has at most; no episode starts more workers with delays that are random.
MOST_STARTUPS = 1 << 14


Drawn: TypeAlias = FloatArray | arrays.Room


class Levels(NamedTuple):
    """l levels of up to n tasks, on this machine, or room for them where a device draws them.

    Attributes:
        seeds, tasks, segments, workers: int64[l]; workers are those it begins with.
        arrival_s: float64[l, n + 2].
        work_s, pickup_s, deadline_s: float64[l, n].
        startup_s: float64[l, k].
        segment_s: float64[l, m + 1].
    """

    seeds: NDArray[np.int64]
    tasks: NDArray[np.int64]
    segments: NDArray[np.int64]
    workers: NDArray[np.int64]
    arrival_s: Drawn
    work_s: Drawn
    pickup_s: Drawn
    startup_s: Drawn
    deadline_s: Drawn
    segment_s: FloatArray


def draw(config: Config, workload: Workload, seeds: NDArray[np.int64]) -> Levels:
    """Return the episodes of these seeds, as every engine draws them.

    Raises:
        InputError: an episode could start more workers than there is room for delays.
    """
    batch = EpisodeBatch(config, workload.mean_service_s, len(seeds))
    batch.draw(workload, np.arange(len(seeds)), seeds, Streams())
    tasks, segments, workers = batch.counts_of()
    made, farms = batch.episodes, batch.episodes.farms
    startup_s = batch.startups(most_starts(config, batch.rise))
    drawn = (farms.arrival_s, farms.work_s, farms.pickup_s, startup_s, made.deadline_s, made.segment_s)
    return Levels(seeds.copy(), tasks, segments, workers, *drawn)


def room_for(config: Config, plan: DrawingPlan, count: int) -> Levels:
    """Return room for levels that a device draws itself, ``count`` of them, and what is the same of all."""
    segments, tasks = len(plan.segment_start_s), plan.most_tasks
    segment_s = np.append(plan.segment_start_s, np.inf)
    batch = EpisodeBatch(config, 0.0, 1)
    return Levels(
        np.arange(count),
        np.zeros(count, dtype=np.int64),
        np.full(count, segments),
        np.full(count, config.farm.initial_workers),
        arrays.room(np.float64, count, tasks + 2),
        arrays.room(np.float64, count, tasks),
        arrays.room(np.float64, count, tasks),
        arrays.room(np.float64, count, max(most_starts(config, batch.rise), 1)),
        arrays.room(np.float64, count, tasks),
        np.tile(segment_s, (count, 1)),
    )


def most_starts(config: Config, rise: int) -> int:
    """Return how many workers an episode can start.

    Raises:
        InputError: more than there is room for.
    """
    most = config.environment.max_steps * rise
    if config.farm.startup.kind == "constant":
        return min(most, MOST_STARTUPS)
    if most > MOST_STARTUPS:
        raise InputError(
            f"environment.max_steps {config.environment.max_steps} times {rise} workers a step: device='cuda' keeps "
            f"at most {MOST_STARTUPS} random start-up delays of an episode; shorten it, or make farm.startup constant"
        )
    return most


def play_of(
    config: Config, mean_service_s: float, levels: Levels, rows: int, real: type, ring: int | None
) -> tuple[Episodes, Rules]:
    """Return the arrays of so many environments on these levels, on this machine, and their rules.

    Args:
        config: of the environments.
        mean_service_s: what a window without a finished task reads.
        levels: that they play.
        rows: number of environments.
        real: float64 or float32.
        ring: results remembered of each; None: all of an episode.
    """
    batch = EpisodeBatch(config, mean_service_s, 1)
    if batch.objective.function is not None:
        raise InputError(
            "reward.function: runs in Python, so not with device='cuda'; take reward.terms, or device='cpu'"
        )
    crowd, tasks = config.farm.max_workers + SPARE_WORKERS, levels.work_s.shape[1]
    kept = tasks if ring is None else ring
    farms = arrays.allocate(rows, len(levels.tasks), 0, crowd, 0, max(kept, 1), record=False, real=real)
    given = {name: getattr(levels, name).astype(real) for name in ("arrival_s", "work_s", "pickup_s", "startup_s")}
    farms = farms._replace(tasks=levels.tasks.astype(np.int64), **given)
    one, history = batch.episodes, batch.episodes.history_s.shape[1]
    # Written by all threads at once, column by column.
    columns: dict[str, Any] = {
        name: np.zeros((rows, getattr(one, name).shape[1]), dtype=kind, order="F")
        for name, kind in (("facts", np.int64), ("reals", real), ("terms", real))
    }
    columns |= {"farms": farms, "deadline_s": levels.deadline_s.astype(real)}
    columns |= {"history_s": arrays.room(real, rows, history), "history_n": arrays.room(np.int64, rows, history)}
    standard = np.zeros((rows, one.standard.shape[1]), dtype=np.float32)
    episodes = Episodes(
        segment_s=levels.segment_s.astype(real),
        window=np.zeros(rows, dtype=window_type(real)),
        reward=np.zeros(rows, dtype=real),
        standard=standard,
        observation=np.zeros((rows, one.observation.shape[1]), dtype=np.float32) if len(one.seen.source) else standard,
        seen=one.seen,
        **columns,
    )
    return episodes, _rules(batch.rules, real)


def window_type(real: type) -> np.dtype[Any]:
    """Return ``simulator.compiled.state.WINDOW`` with these real numbers."""
    fields = [(name, real if WINDOW[name].kind == "f" else WINDOW[name]) for name in WINDOW.names or ()]
    return np.dtype(fields, align=True)


def _rules(rules: Rules, real: type) -> Rules:
    """Return the rules with numbers of the kind; prices stay as they are: rewards are summed in float64."""
    if real is np.float64:
        return rules
    return rules._replace(
        **{name: real(getattr(rules, name)) for name in ("step_s", "window_s", "mean_service_s", "collect_s")}
    )
