"""``autoscale baselines``: the reactive rules step by step, as operators read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from autoscaling_env.errors import InputError
from cli import options
from cli.completing import one_of
from cli.groups import takes
from cli.options import Farm
from cli.show import print_json, show_rows, show_summary
from cli.terminal import terminal_for

if TYPE_CHECKING:
    from experiments import Setup

#: ``--agent`` -> the rules that are played.
AGENTS = {"average": ("average",), "maximum": ("maximum",), "both": ("average", "maximum")}


@takes(setup=options.STEPPED, farm=options.FARM)
def baselines(
    setup: Setup,
    farm: Farm,
    agent: Annotated[
        str,
        typer.Option(
            "--agent",
            metavar="|".join(AGENTS),
            help="Which reactive rule to run.",
            autocompletion=one_of(lambda: AGENTS),
        ),
    ] = "both",
    horizon: Annotated[
        float | None, typer.Option("--horizon", help="Seconds within which the rule wants the backlog worked off.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Play one episode of the reactive rules and print every step.

    Example: autoscale baselines --agent maximum --steps 20 --horizon 16
    """
    names = AGENTS.get(agent.removeprefix("reactive"))
    if names is None:
        remedy = f"autoscale evaluate {agent} plays any other policy"
        raise InputError(f"--agent {agent}: choose from {', '.join(AGENTS)}; {remedy}")
    key = "agents.reactive.horizon_s"
    settings = experiments.Settings(episodes=1, **farm)
    with terminal_for(farm, quiet=as_json) as terminal:
        steps = experiments.StepRows(terminal)
        setup = setup.with_settings({key: horizon}, {key: "--horizon"})
        found = experiments.compare(names, setup, settings, listener=steps)
    if as_json:
        print_json(found.to_json() | {"steps": steps.rows})
    else:
        for name, rows in steps.rows.items():
            show_rows(name, rows)
        for scenario in found.results:
            show_summary(found, scenario)
    if found.interrupted:
        raise KeyboardInterrupt
