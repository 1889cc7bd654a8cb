"""``autoscale compare``: policies on the identical tasks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from autoscaling_env.errors import InputError
from cli import options
from cli.completing import a_policy, some_of
from cli.groups import refuse_others, takes
from cli.options import Farm
from cli.show import show_comparison
from cli.terminal import terminal_for

if TYPE_CHECKING:
    from experiments import Setup

DEFAULT_AGENTS = "reactiveaverage,reactivemaximum,static-12,static-best"


#: Parameters that mean something together with --plot-only.
WITH_PLOT_ONLY = frozenset({"context", "plot_only", "input_dir", "output_dir", "as_json", "help"})


@takes(setups=options.PLAYED_EACH, farm=options.FARM)
def compare(
    context: typer.Context,
    setups: list[Setup],
    farm: Farm,
    agents: Annotated[
        str | None,
        typer.Option(
            "--agents",
            metavar="NAME,NAME,…",
            help=f"Rules, models, runs, module:factory or plug-ins.  [default: {DEFAULT_AGENTS}]",
            autocompletion=some_of(a_policy),
        ),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="NAME", help="One more of the same. Repeatable.")
    ] = None,
    episodes: options.Episodes = 10,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Scenarios compared at the same time.")] = 1,
    on: options.On = "local",
    address: options.Address = None,
    tasks: Annotated[bool, typer.Option("--tasks/--no-tasks", help="Record every task in tasks.parquet.")] = True,
    output_dir: options.OutputDir = Path("runs"),
    baseline_cache: Annotated[
        Path | None, typer.Option("--baseline-cache", metavar="DIR", help="Keep and reuse the records of rules here.")
    ] = None,
    plot_only: Annotated[
        bool, typer.Option("--plot-only", help="Only draw: from --input-dir, or from the newest comparison.")
    ] = False,
    input_dir: Annotated[
        Path | None,
        typer.Option("--input-dir", metavar="DIR", help="With --plot-only: a folder with aggregated_results.json."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Compare policies on the identical tasks: tables, pictures, report and records.

    Examples:

      autoscale compare --agents average,maximum,static-12,static-best --episodes 20

      autoscale compare --trace my_trace.csv --set farm.max_workers=64

      autoscale compare --scenarios reference,flash_crowd --agents keda,hpa,static-best --direct

      autoscale compare --agents average,runs/sarsa_run_20260101T000000Z

      autoscale compare --objective cost --agents average,keda,static-best

      autoscale compare --plot-only --input-dir runs/compare_run_20260101T000000Z
    """
    if plot_only:
        refuse_others(context, WITH_PLOT_ONLY, "plays; --plot-only draws what was played")
        folder = input_dir or experiments.newest_comparison(output_dir)
        show_comparison(experiments.read_comparison(folder), as_json=as_json)
        return
    if input_dir is not None:
        raise InputError("--input-dir belongs to --plot-only")
    names = experiments.split_names(DEFAULT_AGENTS if agents is None and not model else agents or "")
    settings = experiments.Settings(
        episodes=episodes,
        **farm,
        record_tasks=tasks,
        jobs=jobs,
        on=on,
        address=address,
        output_dir=output_dir,
        baseline_cache=baseline_cache,
        command=sys.argv,
    )
    with terminal_for(farm, quiet=as_json) as listener:
        found = experiments.compare([*names, *(model or ())], setups, settings, listener=listener)
    show_comparison(found, as_json=as_json)
