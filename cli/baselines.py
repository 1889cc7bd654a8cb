"""``autoscale baselines``: the reactive rules step by step, as operators read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.results import as_results
from analysis.tables import Row, step_row
from autoscaling_env.errors import InputError
from autoscaling_env.types import Observation
from cli import options
from cli.comparison import Comparison, run_comparison
from cli.policies import Setting, canonical, make_policy
from cli.settings import Overrides, backend_name, load_workload, resolve
from cli.show import show_rows, show_summary, summary_json


def baselines(
    agent: Annotated[
        str, typer.Option("--agent", metavar="average|maximum|both", help="Which reactive rule to run.")
    ] = "both",
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Decisions per episode.")] = None,
    step_duration: options.StepDuration = None,
    horizon: Annotated[
        float | None, typer.Option("--horizon", help="Seconds within which the rule wants the backlog worked off.")
    ] = None,
    initial_workers: options.InitialWorkers = None,
    seed: options.Seed = 0,
    trace: options.Trace = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    backend: options.BackendName = "sim",
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Play one episode of the reactive rules and print every step.

    Example: autoscale baselines --agent maximum --steps 20 --horizon 16
    """
    resolved = resolve(
        Overrides(
            config=config,
            assignments=assignments or (),
            trace=trace,
            values={
                "environment.max_steps": ("--steps", steps),
                "environment.step_duration_s": ("--step-duration", step_duration),
                "agents.reactive.horizon_s": ("--horizon", horizon),
                "farm.initial_workers": ("--initial-workers", initial_workers),
            },
        )
    )
    workload = load_workload(resolved, quiet=as_json)
    setting = Setting(resolved, workload, seed, Path())
    policies = {name: make_policy(name, setting) for name in _names(agent)}
    rows: dict[str, list[Row]] = {name: [] for name in policies}

    def watch(name: str, episode: int, observation: Observation, reward: float, info: dict[str, Any]) -> None:
        rows[name].append(step_row(observation, reward, info))

    comparison = Comparison(resolved, workload, policies, seed, 1, backend_name(backend, engine))
    results = as_results(run_comparison(comparison, quiet=as_json, on_step=watch).results)
    if as_json:
        typer.echo(json.dumps(summary_json(results) | {"steps": rows}, indent=1))
        return
    for name, shown in rows.items():
        show_rows(name, shown)
    show_summary(workload.name, results)


def _names(agent: str) -> list[str]:
    wanted = ["average", "maximum"] if agent == "both" else [agent]
    names = [canonical(name) for name in wanted]
    if not set(names) <= {"reactiveaverage", "reactivemaximum"}:
        raise InputError(f"--agent {agent}: choose from average, maximum, both")
    return names
