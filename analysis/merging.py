"""Recorded runs set beside each other: the episodes all of them played, each agent by a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.episodes import check_steps
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.types import FloatArray

_TASKS = ["arrival_s", "service_s", "deadline_s"]
#: Parts of the configuration that say what an episode's tasks and rewards are.
_SAME = ("workload", "reward")
_SAME_ENVIRONMENT = ("step_duration_s", "observation_window_s", "max_steps")


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as read from its folder.

    Attributes:
        source: where it was read, for messages.
        label: what to call it where a name alone would be ambiguous.
        labelled: the label is somebody's own: a single agent is called by it, several are told apart by it.
        config: its resolved configuration.
        steps: rows of ``steps.parquet``.
        tasks: rows of ``tasks.parquet``; None: not recorded.
    """

    source: str
    label: str
    config: Config
    steps: pd.DataFrame
    tasks: pd.DataFrame | None
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """Rows of all runs, of the episodes all of them played.

    Attributes:
        steps: as in ``steps.parquet``.
        tasks: as in ``tasks.parquet``; None where a run did not record them.
        left_out: episode seeds that not every run has.
    """

    steps: pd.DataFrame
    tasks: pd.DataFrame | None
    left_out: tuple[int, ...]


def merge_runs(runs: Sequence[RecordedRun]) -> Merged:
    """Return the runs' agents side by side on the episodes they share.

    The only agent of a labelled run is called by the label; an agent that several runs played is ``agent (label)``.

    Raises:
        InputError: every reason why the runs cannot be compared: other tasks, other rewards, no common episode.
        RunError: a run's steps are not step records.
    """
    for run in runs:
        check_steps(run.steps)
    _check_alike(runs)
    seeds = [set(run.steps["episode_seed"]) for run in runs]
    shared = set.intersection(*seeds)
    if not shared:
        raise InputError("the runs share no episode seed: play them with the same --seed (or the same --scenarios)")
    _check_tasks(runs, shared)
    names = _names(runs)
    steps, tasks = ([getattr(run, part) for run in runs] for part in ("steps", "tasks"))
    return Merged(
        _together(steps, names, shared),
        None if any(rows is None for rows in tasks) else _together(tasks, names, shared),
        tuple(sorted(int(seed) for seed in set.union(*seeds) - shared)),
    )


def _check_alike(runs: Sequence[RecordedRun]) -> None:
    """Tasks and rewards follow from these parts of the configuration."""
    first = runs[0]
    problems = [
        f"{run.source}: its {name} is not that of {first.source}; only the same tasks and rewards can be compared"
        for run in runs[1:]
        for name in _differences(first.config, run.config)
    ]
    if problems:
        raise InputError(*problems)


def _differences(one: Config, other: Config) -> list[str]:
    found = [name for name in _SAME if getattr(one, name) != getattr(other, name)]
    return found + [
        f"environment.{name}"
        for name in _SAME_ENVIRONMENT
        if getattr(one.environment, name) != getattr(other.environment, name)
    ]


def _check_tasks(runs: Sequence[RecordedRun], seeds: set[int]) -> None:
    """Where tasks were recorded they are compared, to the bit: a trace file may have changed between two runs."""
    recorded = [(run.source, _batches(run.tasks, seeds)) for run in runs if run.tasks is not None]
    for source, batches in recorded[1:]:
        if not np.array_equal(recorded[0][1], batches):
            raise InputError(f"{source}: the tasks of its episodes are not those of {recorded[0][0]}")


def _batches(tasks: pd.DataFrame, seeds: set[int]) -> FloatArray:
    """Each task of the episodes once, float64[n, 3]."""
    rows = tasks[tasks["episode_seed"].isin(seeds)].drop_duplicates(["episode_seed", "task"])
    return rows.sort_values(["episode_seed", "task"])[_TASKS].to_numpy(dtype=np.float64)


def _names(runs: Sequence[RecordedRun]) -> list[dict[str, str]]:
    """Per run: agent -> what it is called beside the others."""
    agents = [list(dict.fromkeys(run.steps["agent"])) for run in runs]
    often = Counter(agent for run, names in zip(runs, agents, strict=True) for agent in names if not run.labelled)
    named = []
    for run, names in zip(runs, agents, strict=True):
        if run.labelled and len(names) == 1:
            named.append({names[0]: run.label})
        else:
            plain = {agent: not run.labelled and often[agent] == 1 for agent in names}
            named.append({agent: agent if plain[agent] else f"{agent} ({run.label})" for agent in names})
    twice = [name for name, count in Counter(name for each in named for name in each.values()).items() if count > 1]
    if twice:
        raise InputError(*(f"two runs would both call an agent {name!r}: give them labels" for name in twice))
    return named


def _together(parts: Sequence[pd.DataFrame], names: Sequence[dict[str, str]], seeds: set[int]) -> pd.DataFrame:
    renamed = [_renamed(rows, mapping, seeds) for rows, mapping in zip(parts, names, strict=True)]
    return pd.concat(renamed, ignore_index=True)


def _renamed(rows: pd.DataFrame, names: dict[str, str], seeds: set[int]) -> pd.DataFrame:
    """Episodes are numbered by seed, so that equal numbers are equal tasks in every run."""
    numbers = {seed: number for number, seed in enumerate(sorted(seeds))}
    kept = rows[rows["episode_seed"].isin(seeds)]
    return kept.assign(agent=kept["agent"].map(names), episode=kept["episode_seed"].map(numbers))
