"""The past from where people have it: run folders and live recordings, traces as recorded, or training episodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agents.planning.forecast import History
from agents.planning.forecast.forecaster import Counts
from agents.planning.forecast.history import counts_of
from agents.planning.past import Past, SeenTasks
from autoscaling_env.config import load_config
from autoscaling_env.errors import InputError, RunError
from autoscaling_env.rng import TRAINING_SALT, episode_seeds
from autoscaling_env.types import TaskBatch
from autoscaling_env.workload import draw_episode, levels_of
from experiments.environments import load_workload
from experiments.listening import Listener
from experiments.planners import history_of
from experiments.replaying import read_table
from experiments.setup import Setup, resolve, training_place
from workloads import make_workload
from workloads.trace import TraceWorkload
from workloads.work import NamedWork

DAY_S = 86_400
#: A recording longer than this is cut into days, and its time is the time of day.
LONG_S = 2 * DAY_S
#: From here on weekdays are told apart: each was seen four times.
WEEKS_S = 28 * DAY_S
#: Options of a trace that mean nothing to a run, or to a scenario's episodes.
_OF_A_TRACE = ("durations", "column", "unit", "timezone", "gaps", "series")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An episode, or a recording that is yet to be cut into episodes.

    Attributes:
        batch: its tasks.
        duration_s: how long it was recorded.
        episode_s: what it is cut into where nobody says it; None: left whole.
        work_known: whether service times and deadlines are those of the tasks.
        began_s: Unix time at which it began; None: nobody knows.
        work: what its tasks are called, and their work; None: they have no names.
    """

    batch: TaskBatch
    duration_s: float
    episode_s: float | None
    work_known: bool = True
    began_s: float | None = None
    work: NamedWork | None = None


def training_past(setup: Setup, episodes: int, listener: Listener) -> Past:
    """Return the past that ``--agents planner`` draws for itself: training episodes of a setup, and all their tasks.

    Raises:
        InputError: something in the setup is wrong.
    """
    place = training_place(setup)
    workload = load_workload(place.config, listener)
    batches, environment = [], place.config.environment
    seeds = levels_of(environment, episode_seeds(place.train_seed + TRAINING_SALT, episodes))
    for done, seed in enumerate(seeds, 1):
        batches.append(draw_episode(workload, environment, seed))
        listener.progress("drawing episodes", done, episodes)
    return Past(history_of(place.config, workload, batches), SeenTasks.of_episodes(batches))


def recorded_past(sources: Sequence[Path], setup: Setup, episode_s: float | None, listener: Listener) -> Past:
    """Return the past that was recorded: run folders (simulated or live), and traces as they were recorded.

    Args:
        sources: folders of runs, and files of traces; at least one.
        setup: its step is the history's, else that of the first run; its options for traces are those of all traces.
        episode_s: recordings are cut into episodes of so many seconds; if left out, those of more than two days into
            days, and shorter traces into episodes as long as the setup's.
        listener: is told of progress and of what was done.

    Raises:
        InputError: a source cannot be read, or holds no task.
    """
    recorded, step_s = recordings(sources, setup, listener)
    return past_of(recorded, step_s, episode_s, listener)


def recordings(sources: Sequence[Path], setup: Setup, listener: Listener) -> tuple[list[Recorded], float]:
    """Return what was recorded, each once, and the seconds of a history's step; see ``recorded_past``.

    Raises:
        InputError: a source cannot be read.
    """
    if setup.trace is not None:
        raise InputError(f"--trace {setup.trace}: stands for training episodes; name it as a SOURCE, or no SOURCE")
    for source in sources:
        if source.is_dir() and not (source / "config.yml").exists() and any(source.glob("**/journal-*.jsonl")):
            raise InputError(
                f"{source}: is a controller's journal, which its own planner knows anyway; for others play it with "
                f"`autoscale replay {source}`, and name the run"
            )
    of_a_trace: dict[str, Any] = dict.fromkeys(_OF_A_TRACE)
    without = replace(setup, as_recorded=False, **of_a_trace)
    config = resolve(setup if all(map(Path.is_dir, sources)) else without)
    step_s = config.environment.step_duration_s
    if not _says_something(setup) and sources[0].is_dir():
        step_s = load_config(sources[0] / "config.yml").environment.step_duration_s
    usual_s = config.environment.max_steps * config.environment.step_duration_s
    found: list[Recorded] = []
    for source in sources:
        found += _of_run(source) if source.is_dir() else [_of_trace(source, setup, usual_s, listener)]
    return _once(found, listener), step_s


def some(counts: Sequence[Counts]) -> None:
    """Raise ``InputError`` where there is no task at all."""
    if all(episode.sum() == 0 for episode in counts):
        raise InputError("no task in what was recorded; a history needs some")


def past_of(recorded: Sequence[Recorded], step_s: float, episode_s: float | None, listener: Listener) -> Past:
    """Return the past of recordings, cut into episodes.

    Where every recording is longer than two days, time is that of the day, counted from when recording began; of the
    week from four weeks on.
    """
    period = _period(recorded, step_s)
    counts, offsets, kept = list[Counts](), list[int](), list[TaskBatch]()
    for each in recorded:
        for first, arrived, batch in parts_of(each, step_s, episode_s or each.episode_s):
            counts.append(arrived)
            offsets.append(first % period if period else 0)
            if each.work_known:
                kept.append(batch)
    some(counts)
    if period:
        kind = "week" if period * step_s > DAY_S else "day"
        listener.note(f"history: time is that of the {kind}, counted from when recording began")
    return Past(History(step_s, tuple(counts), period, tuple(offsets)), SeenTasks.of_episodes(kept) if kept else None)


def _says_something(setup: Setup) -> bool:
    given = (setup.scenario, setup.config, *setup.assignments, *setup.settings.values())
    return any(value is not None for value in given)


def _of_run(run: Path) -> list[Recorded]:
    """Return the episodes of a run; every agent met the same tasks, and each of them counts once."""
    path = run / "tasks.parquet"
    if not path.is_file():
        raise RunError(f"{path}: not there; name a run that recorded its tasks, of several scenarios one's folder")
    rows = read_table(path)
    try:
        tasks = rows.drop_duplicates(["episode", "task"]).sort_values(["episode", "arrival_s"], kind="stable")
        return [_episode(part, duration_s) for part, duration_s in _with_durations(run, tasks)]
    except KeyError as error:
        raise RunError(f"{path}: no column {error}; name a run of compare, evaluate or replay") from None


def _with_durations(run: Path, tasks: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, float]]:
    """Yield each episode's tasks, and for how long it was played; 0: as long as tasks came."""
    steps_path, played = run / "steps.parquet", {}
    if steps_path.is_file():
        step_s = load_config(run / "config.yml").environment.step_duration_s
        played = (read_table(steps_path).groupby("episode")["step"].nunique() * step_s).to_dict()
    for episode, part in tasks.groupby("episode"):
        yield part, float(played.get(episode, 0.0))


def _episode(rows: pd.DataFrame, duration_s: float) -> Recorded:
    arrival_s, service_s, deadline_s = (
        rows[name].to_numpy(np.float64) for name in ("arrival_s", "service_s", "deadline_s")
    )
    batch = TaskBatch(arrival_s, service_s, deadline_s, seed=int(rows["episode_seed"].iloc[0]))
    duration_s = max(duration_s, float(arrival_s[-1]))
    return Recorded(batch, duration_s, DAY_S if duration_s > LONG_S else None)


def _of_trace(file: Path, setup: Setup, usual_s: float, listener: Listener) -> Recorded:
    """Return a trace as it was recorded."""
    wanted = replace(setup, scenario=None, trace=file, as_recorded=True)
    workload = make_workload(
        resolve(wanted), progress=lambda done, total: listener.progress("reading trace", done, total)
    )
    assert isinstance(workload, TraceWorkload)  # noqa: S101 - a trace was asked for
    for sentence in workload.read:
        listener.note(sentence)
    duration_s = workload.duration_s
    episode_s = DAY_S if duration_s > LONG_S else usual_s if duration_s >= 2 * usual_s else None
    return Recorded(workload.draw(0), duration_s, episode_s, workload.work_recorded, workload.began_s, workload.work)


def _once(found: Sequence[Recorded], listener: Listener) -> list[Recorded]:
    """Return each episode once: runs on the same seeds have the same tasks."""
    different = {each.batch.arrival_s.tobytes(): each for each in reversed(found)}
    if left_out := len(found) - len(different):
        listener.note(f"history: {left_out} of {len(found)} episodes have the tasks of another one, and count once")
    return list(reversed(different.values()))


def _period(recorded: Sequence[Recorded], step_s: float) -> int:
    """Return how many steps a day has, or a week; 0 where a recording is short, or steps do not fit into a day."""
    shortest_s = min(each.duration_s for each in recorded)
    steps = round(DAY_S / step_s)
    if shortest_s <= LONG_S or abs(steps * step_s - DAY_S) > 1e-6:
        return 0
    return 7 * steps if shortest_s >= WEEKS_S else steps


def parts_of(recorded: Recorded, step_s: float, length_s: float | None) -> Iterator[tuple[int, Counts, TaskBatch]]:
    """Yield each whole part: its first step, what arrived in each step, its tasks; all, where there is no whole one."""
    batch, steps = recorded.batch, max(1, round((length_s or 0.0) / step_s))
    part_s = steps * step_s
    count = int(recorded.duration_s * (1 + 1e-9) // part_s) if length_s else 0
    if not count:
        yield 0, counts_of(batch.arrival_s, step_s, recorded.duration_s), batch
    edges = np.searchsorted(batch.arrival_s, np.arange(count + 1) * part_s)
    for number, (begin, end) in enumerate(pairwise(edges.tolist())):
        arrival_s = np.clip(batch.arrival_s[begin:end] - number * part_s, 0.0, np.nextafter(part_s, 0.0))
        part = TaskBatch(arrival_s, batch.service_s[begin:end], batch.deadline_s[begin:end], seed=batch.seed)
        yield number * steps, counts_of(arrival_s, step_s, part_s), part
