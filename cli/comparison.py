"""One comparison: policies on the identical episodes of one setting, into one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.aggregate import aggregate
from autoscaling_env.comparison import Played, StepWatcher, play_policies
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.records import StepLog
from autoscaling_env.rng import episode_seeds
from autoscaling_env.rollout import EpisodeResult
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.workload import Workload
from cli.baseline_cache import BaselineCache
from cli.console import note, progress
from cli.live_records import LiveRecords, LiveTable

#: Farms whose time is simulated: an episode takes milliseconds, and a bar says more than a table.
SIMULATED = frozenset({"sim", "simpy", "compiled"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared on what."""

    config: Config
    workload: Workload
    policies: Mapping[str, Policy]
    seed: int
    episodes: int
    backend: str = "sim"
    record_tasks: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """Rows of ``steps.parquet``, ``tasks.parquet`` and the live records, and ``aggregated_results.json``."""

    steps: pd.DataFrame
    tasks: pd.DataFrame | None
    live: dict[str, pd.DataFrame]
    results: dict[str, Any]


def run_comparison(
    comparison: Comparison,
    *,
    cache: BaselineCache | None = None,
    quiet: bool = False,
    on_step: StepWatcher | None = None,
) -> Compared:
    """Play the episodes of the comparison's seed; see ``run_seeds``."""
    seeds = episode_seeds(comparison.seed, comparison.episodes)
    return run_seeds(comparison, seeds, cache=cache, quiet=quiet, on_step=on_step)


def run_seeds(
    comparison: Comparison,
    seeds: Sequence[int],
    *,
    cache: BaselineCache | None = None,
    quiet: bool = False,
    on_step: StepWatcher | None = None,
) -> Compared:
    """Play the named episodes that are not in the cache; an interruption keeps every finished step, and says so."""
    known = cache.load(comparison, seeds) if cache else {}
    fresh = {name: policy for name, policy in comparison.policies.items() if name not in known}
    played, live = Played(StepLog(comparison.config.reward.objective)), LiveRecords()
    interrupted = not _play(comparison, fresh, seeds, played, live, quiet=quiet, on_step=on_step)
    frames = [*known.values(), *([played.steps.frame()] if len(played.steps) else [])]
    if not frames:
        raise KeyboardInterrupt
    steps = _in_order(pd.concat(frames, ignore_index=True), comparison.policies)
    if cache and not interrupted:
        cache.store(comparison, seeds, {name: steps[steps["agent"] == name] for name in fresh})
    tasks = played.task_rows()
    meta = {
        "seed": comparison.seed,
        "workload": comparison.workload.name,
        "backend": comparison.backend,
        "objective": comparison.config.reward.objective,
        "notes": list(comparison.workload.notes),
        "interrupted": interrupted,
    }
    return Compared(steps, tasks, live.frames(), aggregate(steps, tasks, meta=meta))


def _play(
    comparison: Comparison,
    policies: Mapping[str, Policy],
    seeds: Sequence[int],
    played: Played,
    live: LiveRecords,
    *,
    quiet: bool,
    on_step: StepWatcher | None,
) -> bool:
    """Return False when Ctrl-C cut it short."""
    env = OpenFaaSAutoscalingEnv(config=comparison.config, workload=comparison.workload, backend=comparison.backend)
    in_real_time = comparison.backend not in SIMULATED
    with progress(quiet=quiet or in_real_time) as bar, LiveTable(quiet=quiet or not in_real_time) as shown:
        task = bar.add_task(comparison.workload.name, total=len(seeds) * len(policies))

        def finished(agent: str, episode: int, result: EpisodeResult) -> None:
            live.add(env.backend, agent, episode)
            bar.update(task, advance=1, description=f"{comparison.workload.name}: {agent}")

        try:
            play_policies(
                env,
                policies,
                seeds,
                played=played,
                record_tasks=comparison.record_tasks,
                on_episode=finished,
                on_step=on_step or (shown.add if in_real_time else None),
            )
        except KeyboardInterrupt:
            note("interrupted: the finished steps are kept")
            return False
        finally:
            env.close()
    return True


def _in_order(steps: pd.DataFrame, names: Mapping[str, Policy]) -> pd.DataFrame:
    order = {name: index for index, name in enumerate(names)}
    keys = steps["agent"].map(order)
    return (
        steps.assign(_order=keys)
        .sort_values(["_order", "episode", "step"])
        .drop(columns="_order")
        .reset_index(drop=True)
    )


def write_comparison(folder: RunFolder, compared: Compared) -> None:
    """Write records and results; pictures and tables are made from these files and from nothing else."""
    folder.write_frame("steps.parquet", compared.steps)
    if compared.tasks is not None:
        folder.write_frame("tasks.parquet", compared.tasks)
    for name, frame in compared.live.items():
        folder.write_frame(name, frame)
    folder.write_text("aggregated_results.json", json.dumps(compared.results, allow_nan=False) + "\n")
