"""``autoscale evaluate``: a trained model on episodes, in any farm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.settings import Overrides


def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file, a training run, or module:factory.")],
    episodes: options.Episodes = 20,
    max_steps: options.MaxSteps = None,
    step_duration: options.StepDuration = None,
    initial_workers: options.InitialWorkers = None,
    objective: options.Objective = None,
    seed: options.Seed = 0,
    scenario: options.Scenario = None,
    trace: options.Trace = None,
    durations: options.Durations = None,
    as_recorded: options.AsRecorded = False,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    backend: options.BackendName = "sim",
    engine: options.Engine = None,
    output_dir: options.OutputDir = Path("runs"),
    as_json: options.Json = False,
) -> None:
    """Play a trained model without exploration, and record every step.

    Example: autoscale evaluate runs/sarsa_run_20260101T000000Z --episodes 100 --seed 7
    """
    from cli.comparing import compare_and_report
    from cli.places import Wanted

    overrides = Overrides(
        config=config,
        assignments=assignments or (),
        trace=trace,
        durations=durations,
        as_recorded=as_recorded,
        values=options.environment_values(max_steps, step_duration, initial_workers, objective),
    )
    wanted = Wanted("evaluate", (), (model,), seed, episodes, backend, engine, output_dir)
    compare_and_report(wanted, overrides, [scenario] if scenario else [], as_json=as_json)
