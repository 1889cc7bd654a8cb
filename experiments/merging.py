"""Recorded runs set beside each other, such as a cluster's own autoscaler beside our policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from analysis.aggregate import aggregate
from analysis.merging import Merged, RecordedRun, merge_runs
from analysis.results import RESULTS, read_aggregated
from autoscaling_env.config import load_config
from autoscaling_env.errors import InputError, RunError
from autoscaling_env.run_folder import RunFolder
from experiments.comparison import Comparison, read_comparison
from experiments.pictures import draw_workers
from experiments.playing import Records
from experiments.replaying import read_steps, read_table


def merge(runs: Sequence[str], *, output_dir: Path = Path("runs"), command: Sequence[str] = ()) -> Comparison:
    """Set recorded runs of the same tasks beside each other, in a run folder of their own.

    Episodes that not all of them played are left out; ``Comparison.notes`` says which.

    Args:
        runs: ``[LABEL=]RUN``: run folders of ``compare``, ``evaluate`` or ``replay``. A label names the only agent of
            a run, or tells several apart; without one, an agent that several runs played is named by its farm.
        output_dir: where the run folder is made.
        command: for the manifest.

    Raises:
        InputError: fewer than two, one cannot be read, or they did not meet the same tasks; all problems at once.
    """
    found = _read_runs(runs)
    merged = merge_runs(found)
    folder = _write(found, merged, output_dir, command)
    seeds = ", ".join(map(str, merged.left_out))
    notes = (f"left out, because not every run played them: episode seeds {seeds}",) if seeds else ()
    workers = {"workers over time": draw_workers(merged.steps, folder.path / "plots" / "replicas.png")}
    comparison = read_comparison(folder.path, name=found[0].config.workload.name or "merged")
    return replace(comparison, files={**workers, **comparison.files}, notes=notes)


def _read_runs(arguments: Sequence[str]) -> list[RecordedRun]:
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


def _write(runs: Sequence[RecordedRun], merged: Merged, output_dir: Path, command: Sequence[str]) -> RunFolder:
    started = datetime.now(UTC)
    folder = RunFolder.create(output_dir, "merge", started)
    folder.write_start(runs[0].config, command=list(command), seed=0, started=started)
    meta = {"merged": {run.label: run.source for run in runs}}
    Records(merged.steps, merged.tasks, {}, aggregate(merged.steps, merged.tasks, meta=meta)).write(folder)
    return folder


def _split(argument: str) -> tuple[str, Path]:
    """Return (label, folder): a label ends at the first ``=``; a folder that exists as written is meant as it is."""
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
    """Return the farm a run was played on, if its results say so."""
    try:
        return str(read_aggregated(path / RESULTS).meta.get("backend", path.name))
    except RunError:
        return path.name


def _read(path: Path, label: str, labelled: bool) -> RecordedRun:
    tasks = path / "tasks.parquet"
    return RecordedRun(
        str(path),
        label,
        load_config(path / "config.yml"),
        read_steps(path),
        read_table(tasks) if tasks.is_file() else None,
        labelled,
    )
