"""``autoscale compare``: agents and rules on the identical tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autoscaling_env.errors import InputError
from cli import options
from cli.completing import agents as agent_names
from cli.completing import scenarios as scenario_names
from cli.completing import some_of
from cli.settings import Overrides

DEFAULT_AGENTS = "reactiveaverage,reactivemaximum,static-12,static-best"


def compare(
    agents: Annotated[
        str | None,
        typer.Option(
            "--agents",
            metavar="NAME,NAME,…",
            help=f"Rules to compare.  [default: {DEFAULT_AGENTS}]",
            autocompletion=some_of(agent_names),
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="A model file, a training run, or module:factory. Repeatable."),
    ] = None,
    scenarios: Annotated[
        str | None,
        typer.Option(
            "--scenarios",
            metavar="NAME,NAME,…",
            help="Named scenarios, or all.",
            autocompletion=some_of(lambda: [*scenario_names(), "all"]),
        ),
    ] = None,
    episodes: options.Episodes = 10,
    max_steps: options.MaxSteps = None,
    step_duration: options.StepDuration = None,
    initial_workers: options.InitialWorkers = None,
    objective: options.Objective = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="Evaluation episodes.  [default: 0, or the scenario's test seed]"),
    ] = None,
    trace: options.Trace = None,
    durations: options.Durations = None,
    as_recorded: options.AsRecorded = False,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    backend: options.BackendName = "sim",
    engine: options.Engine = None,
    direct: Annotated[bool, typer.Option("--direct", help="Reach targets at once, not by one worker a step.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Scenarios compared at the same time.")] = 1,
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
    """Compare agents and rules on the identical tasks: tables, pictures, report and records.

    Examples:

      autoscale compare --agents average,maximum,static-12,static-best --episodes 20

      autoscale compare --trace my_trace.csv --set farm.max_workers=64

      autoscale compare --scenarios reference,flash_crowd --agents keda,hpa,static-best

      autoscale compare --model runs/sarsa_run_20260101T000000Z --agents average

      autoscale compare --objective cost --agents average,keda,static-best

      autoscale compare --plot-only --input-dir runs/compare_run_20260101T000000Z
    """
    from cli.baseline_cache import BaselineCache
    from cli.comparing import compare_and_report
    from cli.places import Wanted
    from cli.policies import parse_agents

    if plot_only:
        _plot_only(input_dir or _newest(output_dir), as_json=as_json)
        return
    if input_dir is not None:
        raise InputError("--input-dir belongs to --plot-only")
    overrides = Overrides(
        config=config,
        assignments=assignments or (),
        trace=trace,
        durations=durations,
        as_recorded=as_recorded,
        values=options.environment_values(max_steps, step_duration, initial_workers, objective),
    )
    names = parse_agents(DEFAULT_AGENTS if agents is None else agents) if agents is not None or not model else []
    wanted = Wanted(
        "compare", tuple(names), tuple(model or ()), seed, episodes, backend, engine, output_dir, tasks, direct, jobs
    )
    cache = BaselineCache(baseline_cache) if baseline_cache else None
    compare_and_report(wanted, overrides, _scenarios(scenarios), cache=cache, as_json=as_json)


def _scenarios(text: str | None) -> list[str]:
    from workloads.scenarios import scenario, scenario_names

    if text is None:
        return []
    if text.strip() == "all":
        return list(scenario_names())
    names = [part.strip() for part in text.split(",") if part.strip()]
    problems: list[str] = []
    for name in names:
        try:
            scenario(name)
        except InputError as error:
            problems += error.problems
    if problems or not names:
        raise InputError(*(problems or ["--scenarios: name at least one"]))
    return list(dict.fromkeys(names))


def _plot_only(folder: Path, *, as_json: bool) -> None:
    from cli.finishing import finish, recorded

    finish(folder, recorded(folder), 0, as_json=as_json)


def _newest(output_dir: Path) -> Path:
    found = [path for path in sorted(output_dir.glob("compare_run_*")) if any(path.rglob("aggregated_results.json"))]
    if not found:
        raise InputError(f"{output_dir}: no finished comparison in it; name one with --input-dir")
    return found[-1]
