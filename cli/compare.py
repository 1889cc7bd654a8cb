"""``autoscale compare``: agents and rules on the identical tasks."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from analysis.results import read_aggregated
from autoscaling_env.errors import InputError
from autoscaling_env.run_folder import RunFolder
from cli import options
from cli.baseline_cache import BaselineCache
from cli.comparison import Comparison, run_comparison, write_comparison
from cli.console import out
from cli.policies import Setting, make_policy, parse_agents
from cli.settings import Overrides, backend_name, load_workload, resolve
from cli.show import draw, show_pairs, show_summary, summary_json

DEFAULT_AGENTS = "reactiveaverage,reactivemaximum,static-12,static-best"


def compare(
    agents: Annotated[
        str, typer.Option("--agents", metavar="NAME,NAME,…", help="Rules to compare, such as average,static-12.")
    ] = DEFAULT_AGENTS,
    episodes: options.Episodes = 10,
    max_steps: options.MaxSteps = None,
    step_duration: options.StepDuration = None,
    initial_workers: options.InitialWorkers = None,
    seed: options.Seed = 0,
    trace: options.Trace = None,
    durations: options.Durations = None,
    as_recorded: options.AsRecorded = False,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    backend: options.BackendName = "sim",
    engine: options.Engine = None,
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
    """Compare agents and rules on the identical tasks: table, pictures and records.

    Examples:

      autoscale compare --agents average,maximum,static-12,static-best --episodes 20

      autoscale compare --trace my_trace.csv --set farm.max_workers=64

      autoscale compare --plot-only --input-dir runs/compare_run_20260101T000000Z
    """
    if plot_only:
        _plot_only(input_dir, output_dir, as_json=as_json)
        return
    names = parse_agents(agents)
    resolved = resolve(
        Overrides(
            config=config,
            assignments=assignments or (),
            trace=trace,
            durations=durations,
            as_recorded=as_recorded,
            values={
                "environment.max_steps": ("--max-steps", max_steps),
                "environment.step_duration_s": ("--step-duration", step_duration),
                "farm.initial_workers": ("--initial-workers", initial_workers),
            },
        )
    )
    workload = load_workload(resolved, quiet=as_json)
    setting = Setting(resolved, workload, seed)
    policies = {name: make_policy(name, setting) for name in names}
    comparison = Comparison(resolved, workload, policies, seed, episodes, backend_name(backend, engine))
    folder = RunFolder.create(output_dir, "compare", datetime.now(UTC))
    folder.write_start(resolved, command=sys.argv, seed=seed, started=datetime.now(UTC))
    compared = run_comparison(
        comparison, cache=BaselineCache(baseline_cache) if baseline_cache else None, quiet=as_json
    )
    write_comparison(folder, compared)
    _finish(folder.path, seed, as_json=as_json)


def _plot_only(input_dir: Path | None, output_dir: Path, *, as_json: bool) -> None:
    folder = input_dir or _newest(output_dir)
    _finish(folder, 0, as_json=as_json)


def _newest(output_dir: Path) -> Path:
    found = sorted(output_dir.glob("compare_run_*/aggregated_results.json"))
    if not found:
        raise InputError(f"{output_dir}: no finished comparison in it; name one with --input-dir")
    return found[-1].parent


def _finish(folder: Path, seed: int, *, as_json: bool) -> None:
    """Table and pictures, from the run's files."""
    results = read_aggregated(folder / "aggregated_results.json")
    pictures = draw(folder, results)
    if as_json:
        files = {"run": folder, "plots": pictures[0].parent}
        typer.echo(json.dumps(summary_json(results, files), indent=1))
        return
    show_summary(str(results.meta.get("workload", folder.name)), results)
    if len(results.agents) > 1:
        show_pairs(results, list(results.agents)[-1], seed)
    out.print(f"records  {folder}", highlight=False, soft_wrap=True)
    for picture in pictures:
        out.print(f"picture  {picture}", highlight=False, soft_wrap=True)
