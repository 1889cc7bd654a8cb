"""``autoscale demo``: the main job on embedded defaults, in well under a minute."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from autoscaling_env.errors import InputError
from cli import options
from cli.groups import takes
from cli.show import show_comparison, show_found
from cli.terminal import Terminal

if TYPE_CHECKING:
    from experiments import Setup


@takes(setup=options.SHOWN)
def demo(
    setup: Setup,
    episodes: Annotated[
        int | None, typer.Option("--episodes", min=1, help="Episodes per agent.  [default: 10]")
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Two policies on a real farm on this machine, ten times faster."),
    ] = False,
    output_dir: options.OutputDir = Path("runs"),
) -> None:
    """Compare policies that look ahead with the rules people run and the best constant, where the load swings.

    Examples:

      autoscale demo --episodes 5

      autoscale demo --live
    """
    if not live:
        with Terminal() as listener:
            found = experiments.demo(
                setup, episodes=episodes or 10, output_dir=output_dir, listener=listener, command=sys.argv
            )
        show_comparison(found)
        return
    if episodes is not None:
        raise InputError("--episodes belongs to the simulated demo; --live plays one")
    with Terminal(real_time=True) as listener:
        shown = experiments.demo_live(setup, output_dir=output_dir, listener=listener, command=sys.argv)
    show_comparison(shown.comparison)
    show_found(shown.gap)
