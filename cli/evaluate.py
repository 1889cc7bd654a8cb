"""``autoscale evaluate``: one policy on episodes, in any farm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from cli import options
from cli.completing import a_policy
from cli.groups import takes
from cli.options import Farm
from cli.show import show_comparison
from cli.terminal import terminal_for

if TYPE_CHECKING:
    from experiments import Setup


@takes(setup=options.PLAYED, farm=options.FARM)
def evaluate(
    setup: Setup,
    farm: Farm,
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model file, a training run, module:factory, a rule or a plug-in.",
            autocompletion=a_policy,
        ),
    ],
    episodes: options.Episodes = 20,
    output_dir: options.OutputDir = Path("runs"),
    as_json: options.Json = False,
) -> None:
    """Play a policy without exploration, and record every step.

    Example: autoscale evaluate runs/sarsa_run_20260101T000000Z --episodes 100 --seed 7
    """
    settings = experiments.Settings(
        kind="evaluate",
        episodes=episodes,
        **farm,
        output_dir=output_dir,
        command=sys.argv,
    )
    with terminal_for(farm, quiet=as_json) as listener:
        found = experiments.evaluate(model, setup, settings, listener=listener)
    show_comparison(found, as_json=as_json)
