"""``autoscale workload``: look at the tasks before anything runs on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import options
from cli.console import out
from cli.settings import Overrides, load_workload, resolve
from cli.show import show_rows

if TYPE_CHECKING:
    from autoscaling_env.types import TaskBatch
    from autoscaling_env.workload import Workload

app = typer.Typer(help="Show, plot and convert the tasks of an episode.", no_args_is_help=True)


@app.command()
def show(
    seed: options.Seed = 0,
    trace: options.Trace = None,
    durations: options.Durations = None,
    as_recorded: options.AsRecorded = False,
    phase_shuffle: options.PhaseShuffle = False,
    phase_shuffle_seed: options.PhaseShuffleSeed = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    as_json: options.Json = False,
) -> None:
    """Print counts, rates, service times and offered load per segment.

    Example: autoscale workload show --trace my_trace.csv
    """
    from workloads.describing import describe

    overrides = Overrides(config, assignments or (), None, trace, durations, as_recorded)
    workload, batch = _drawn(overrides, seed, phase_shuffle, phase_shuffle_seed, quiet=as_json)
    described = describe(batch, workload.duration_s)
    if as_json:
        typer.echo(json.dumps(described, indent=1))
        return
    segments = described.pop("segments", [])
    show_rows("tasks", [{"What": key, "Value": _shown(value)} for key, value in described.items()])
    show_rows("segments", [{key: _shown(value) for key, value in segment.items()} for segment in segments])


@app.command()
def plot(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The picture.")] = Path("workload.png"),
    seed: options.Seed = 0,
    trace: options.Trace = None,
    durations: options.Durations = None,
    as_recorded: options.AsRecorded = False,
    phase_shuffle: options.PhaseShuffle = False,
    phase_shuffle_seed: options.PhaseShuffleSeed = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Draw arrivals, offered load and service times.

    Example: autoscale workload plot --set workload.base_rate_per_min=600 -o workload.png
    """
    from analysis.plots.workload import workload_plot

    overrides = Overrides(config, assignments or (), None, trace, durations, as_recorded)
    workload, batch = _drawn(overrides, seed, phase_shuffle, phase_shuffle_seed)
    picture = workload_plot(batch, output, title=workload.name, duration_s=workload.duration_s, notes=workload.notes)
    out.print(str(picture), highlight=False, soft_wrap=True)


@app.command()
def convert(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="CSV to write.")] = Path("tasks.csv"),
    seed: options.Seed = 0,
    trace: options.Trace = None,
    durations: options.Durations = None,
    as_recorded: options.AsRecorded = False,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Write the tasks as a plain CSV (arrival_s,service_s,deadline_s) that --trace reads back.

    Example: autoscale workload convert --trace azure2021.csv --as-recorded -o tasks.csv
    """
    from workloads.writing import write_csv

    overrides = Overrides(config, assignments or (), None, trace, durations, as_recorded)
    _, batch = _drawn(overrides, seed, False, None)
    write_csv(batch, output)
    out.print(f"{len(batch)} tasks  {output}", highlight=False, soft_wrap=True)


def _drawn(
    overrides: Overrides, seed: int, shuffle: bool, shuffle_seed: int | None, *, quiet: bool = False
) -> tuple[Workload, TaskBatch]:
    config = resolve(overrides)
    workload = load_workload(config, quiet=quiet)
    order = (seed if shuffle_seed is None else shuffle_seed) if shuffle or shuffle_seed is not None else None
    return workload, workload.draw(seed, order)


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
