"""``autoscale baselines``: the reactive rules step by step, as operators read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autoscaling_env.errors import InputError
from cli import options
from cli.completing import one_of
from cli.settings import Overrides, backend_name, load_workload, resolve
from cli.show import show_rows, show_summary, summary_json

if TYPE_CHECKING:
    from analysis.tables import Row
    from autoscaling_env.types import Observation

AGENTS = ("average", "maximum", "both")


def baselines(
    agent: Annotated[
        str,
        typer.Option(
            "--agent",
            metavar="|".join(AGENTS),
            help="Which reactive rule to run.",
            autocompletion=one_of(lambda: AGENTS),
        ),
    ] = "both",
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Decisions per episode.")] = None,
    step_duration: options.StepDuration = None,
    horizon: Annotated[
        float | None, typer.Option("--horizon", help="Seconds within which the rule wants the backlog worked off.")
    ] = None,
    initial_workers: options.InitialWorkers = None,
    objective: options.Objective = None,
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
    from analysis.results import as_results
    from analysis.tables import step_row
    from cli.comparison import Comparison, run_comparison
    from cli.policies import Setting, make_policy

    resolved = resolve(
        Overrides(
            config=config,
            assignments=assignments or (),
            trace=trace,
            values=options.environment_values(None, step_duration, initial_workers, objective)
            | {"environment.max_steps": ("--steps", steps), "agents.reactive.horizon_s": ("--horizon", horizon)},
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
    else:
        for name, shown in rows.items():
            show_rows(name, shown)
        show_summary(workload.name, results)
    if results.meta["interrupted"]:
        raise KeyboardInterrupt


def _names(agent: str) -> list[str]:
    from cli.policies import canonical

    wanted = ["average", "maximum"] if agent == "both" else [agent]
    names = [canonical(name) for name in wanted]
    if not set(names) <= {"reactiveaverage", "reactivemaximum"}:
        raise InputError(f"--agent {agent}: choose from {', '.join(AGENTS)}")
    return names
