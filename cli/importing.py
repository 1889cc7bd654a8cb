"""``autoscale import``: what other programs made, as files of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from cli import options
from cli.groups import takes
from cli.show import show_found

if TYPE_CHECKING:
    from experiments import Setup

app = typer.Typer(no_args_is_help=True, help="Turn what another program made into a file of ours.")


@app.callback()
def _import() -> None:
    """Options before the command."""


@app.command("sb3")
@takes(setup=options.PLAYED)
def import_sb3(
    setup: Setup,
    model: Annotated[Path, typer.Argument(metavar="MODEL.zip", help="What stable-baselines3 saved.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The model file.  [default: beside the zip]")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Turn a model of stable-baselines3 into a model file that every command takes and that runs without torch.

    The zip holds pickles, which can run anything when they are loaded, so no command loads it as it is. This one reads
    its arrays and JSON alone and runs nothing. The options say what it was trained in, for a zip does not say what its
    actions mean. Of PPO, A2C, TRPO, DQN, QR-DQN and RecurrentPPO; a policy that learned through VecNormalize is saved
    from Python, by agents.libraries.sb3.trained.save_policy.

    Examples:

      autoscale import sb3 ppo.zip --scenario flash_crowd

      autoscale compare --scenarios flash_crowd --agents ppo.safetensors,static-best
    """
    show_found(experiments.import_sb3(model, setup, target=output), as_json=as_json)
