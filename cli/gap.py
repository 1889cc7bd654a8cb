"""``autoscale gap``: a simulated run beside the live run of the same episodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import options
from cli.replay import read_steps, read_table
from cli.show import print_paths, show_rows

if TYPE_CHECKING:
    import pandas as pd


def gap(
    sim_run: Annotated[Path, typer.Argument(metavar="SIM_RUN", help="A simulated run.")],
    live_run: Annotated[Path, typer.Argument(metavar="LIVE_RUN", help="A live run of the same episodes.")],
    as_json: options.Json = False,
) -> None:
    """Compare a simulated with a live run on the same episodes: errors, distributions, ranking, picture.

    Example: autoscale gap runs/compare_run_SIM runs/compare_run_LIVE
    """
    report, paths = write_gap(sim_run, live_run)
    if as_json:
        typer.echo(json.dumps(report | {"files": {name: str(path) for name, path in paths.items()}}, indent=1))
    else:
        show_gap(report)
        print_paths(paths)


def write_gap(sim_run: Path, live_run: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """Write ``gap.json`` and its picture into the live run; return the report and the files."""
    import numpy as np

    from analysis.gap import gap_report
    from analysis.plots.replicas import gap_plot
    from autoscaling_env.run_folder import RunFolder

    sim, live = read_steps(sim_run), read_steps(live_run)
    report = gap_report(sim, live, np.random.default_rng(0), sim_tasks=_tasks(sim_run), live_tasks=_tasks(live_run))
    folder = RunFolder(live_run)
    path = folder.write_json("gap.json", report)
    return report, {"gap": path, "gap picture": gap_plot(sim, live, live_run / "plots" / "gap.png")}


def show_gap(report: dict[str, Any]) -> None:
    """Print what a gap report says."""
    from analysis.gap_tables import gap_metric_rows, gap_rows, ranking_rows

    show_rows("observations: live minus simulated, step by step", gap_rows(report))
    show_rows("figures: live minus simulated, episode by episode", gap_metric_rows(report))
    show_rows("do the agents rank the same?", ranking_rows(report))


def _tasks(run: Path) -> pd.DataFrame | None:
    path = run / "tasks.parquet"
    return read_table(path) if path.is_file() else None
