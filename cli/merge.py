"""``autoscale merge``: recorded runs set beside each other, such as a cluster's own autoscaler beside our policies."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoscaling_env.errors import InputError, RunError
from cli import options
from cli.console import note
from cli.replay import read_steps, read_table

if TYPE_CHECKING:
    import pandas as pd

    from analysis.merging import Merged, RecordedRun
    from autoscaling_env.run_folder import RunFolder

Runs = Annotated[
    list[str],
    typer.Argument(metavar="[LABEL=]RUN…", help="Run folders of compare, evaluate or replay, each with its label."),
]


def merge(runs: Runs, output_dir: options.OutputDir = Path("runs"), as_json: options.Json = False) -> None:
    """Set recorded runs beside each other: one table, one report, the worker counts over time in one picture.

    The runs must have met the same tasks; episodes that not all of them played are left out. A label names the
    only agent of a run, or tells several apart; without one, an agent that several runs played is named by its farm.

    Examples:

      autoscale merge runs/compare_run_EXTERNAL runs/compare_run_OURS

      autoscale merge "real KEDA=runs/compare_run_EXTERNAL" "simulated KEDA=runs/compare_run_KEDA"
    """
    from analysis.merging import merge_runs
    from analysis.results import read_aggregated
    from cli.finishing import finish

    found = read_runs(runs)
    merged = merge_runs(found)
    if merged.left_out:
        seeds = ", ".join(map(str, merged.left_out))
        note(f"left out, because not every run played them: episode seeds {seeds}")
    folder = write_merged(found, merged, output_dir)
    results = read_aggregated(folder.path / "aggregated_results.json")
    paths = {"workers over time": _replicas(merged.steps, folder.path / "plots" / "replicas.png")}
    finish(folder.path, {found[0].config.workload.name or "merged": results}, 0, as_json=as_json, more=paths)


def read_runs(arguments: Sequence[str]) -> list[RecordedRun]:
    """Return the runs named by ``[LABEL=]RUN``.

    Raises:
        InputError: fewer than two, or one cannot be read; all problems at once.
    """
    named = [_split(argument) for argument in arguments]
    problems = [_unreadable(path) for _, path in named if not (path / "steps.parquet").is_file()]
    if len(named) < 2:
        problems.append("merge: name at least two runs")
    if problems:
        raise InputError(*problems)
    farms = [_farm(path) for _, path in named]
    often = Counter(farms)
    labels = [
        label or (farm if often[farm] == 1 else path.name) for (label, path), farm in zip(named, farms, strict=True)
    ]
    return [_read(path, label, bool(own)) for (own, path), label in zip(named, labels, strict=True)]


def write_merged(runs: Sequence[RecordedRun], merged: Merged, output_dir: Path) -> RunFolder:
    """Write the merged records and results as a run of their own."""
    from analysis.aggregate import aggregate
    from autoscaling_env.run_folder import RunFolder
    from cli.comparison import Compared, write_comparison

    started = datetime.now(UTC)
    folder = RunFolder.create(output_dir, "merge", started)
    folder.write_start(runs[0].config, command=sys.argv, seed=0, started=started)
    meta = {"merged": {run.label: run.source for run in runs}}
    results = aggregate(merged.steps, merged.tasks, meta=meta)
    write_comparison(folder, Compared(merged.steps, merged.tasks, {}, results))
    return folder


def _split(argument: str) -> tuple[str, Path]:
    """A label ends at the first ``=``; a folder that exists as written is meant as written."""
    label, separator, path = argument.partition("=")
    if not separator or Path(argument).exists():
        return "", Path(argument)
    return label, Path(path)


def _unreadable(path: Path) -> str:
    """Say what else to name; a comparison of several scenarios has a run in each subfolder."""
    inside = sorted(each.parent.name for each in path.glob("*/steps.parquet"))
    remedy = f"; name one of its scenarios: {', '.join(inside)}" if inside else ""
    return f"{path}: not a comparison's run (no steps.parquet in it){remedy}"


def _farm(path: Path) -> str:
    """The farm a run was played on, if its results say so."""
    from analysis.results import read_aggregated

    try:
        return str(read_aggregated(path / "aggregated_results.json").meta.get("backend", path.name))
    except RunError:
        return path.name


def _read(path: Path, label: str, labelled: bool) -> RecordedRun:
    from analysis.merging import RecordedRun
    from autoscaling_env.config import load_config

    tasks = path / "tasks.parquet"
    return RecordedRun(
        str(path),
        label,
        load_config(path / "config.yml"),
        read_steps(path),
        read_table(tasks) if tasks.is_file() else None,
        labelled,
    )


def _replicas(steps: pd.DataFrame, path: Path) -> Path:
    """Draw the first episode; a picture shows one."""
    from analysis.plots.replicas import replica_plot

    one = steps[steps["episode"] == steps["episode"].min()]
    parts = {str(agent): part for agent, part in one.groupby("agent", sort=False)}
    seed = int(one["episode_seed"].iloc[0])
    return replica_plot(parts, path, title=f"Workers over time, episode seed {seed}")
