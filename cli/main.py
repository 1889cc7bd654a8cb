"""Entry point of ``autoscale``: the commands, and the one place where errors become lines and exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from autoscaling_env import __version__
from autoscaling_env.errors import AutoscalingError
from cli import (
    baselines,
    compare,
    config,
    demo,
    doctor,
    evaluate,
    farm,
    merge,
    plot,
    sim_to_real,
    train,
    tune,
    workload,
)
from cli.console import print_error

app = typer.Typer(
    name="autoscale",
    help="Train autoscaling agents on a simulated task farm, judge them on a real one, beside the rules you run today.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("compare")(compare.compare)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("tune")(tune.tune)
app.command("merge")(merge.merge)
app.command("plot")(plot.plot)
app.command("replay")(sim_to_real.replay)
app.command("calibrate")(sim_to_real.calibrate)
app.command("gap")(sim_to_real.gap)
app.command("verify")(sim_to_real.verify)
app.add_typer(farm.app, name="farm")
app.command("doctor")(doctor.doctor)
app.command("baselines")(baselines.baselines)
app.add_typer(workload.app, name="workload")
app.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"autoscale {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line; bad input is one line each and exit code 2, Ctrl-C is 130."""
    try:
        app()
    except AutoscalingError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
