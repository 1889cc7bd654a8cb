"""Entry point of ``autoscale``: the commands, and the one place where errors become lines and exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from autoscaling_env import __version__
from autoscaling_env.errors import AutoscalingError
from cli import (
    baselines,
    calibrate,
    compare,
    config,
    demo,
    doctor,
    evaluate,
    exporting,
    farm,
    gap,
    history,
    importing,
    keda,
    merge,
    operate,
    plot,
    replay,
    study,
    train,
    tune,
    verify,
    workload,
)
from cli.console import print_anything, print_error, print_problems
from cli.ending import INTERRUPTED, Ending
from cli.failures import missing, unwritable, usage

app = typer.Typer(
    name="autoscale",
    help="Train autoscaling agents on a simulated task farm, evaluate them on a real one, beside your rules.",
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
app.add_typer(study.app, name="study")
app.command("merge")(merge.merge)
app.command("plot")(plot.plot)
app.command("replay")(replay.replay)
app.command("calibrate")(calibrate.calibrate)
app.command("history")(history.history)
app.command("gap")(gap.gap)
app.command("verify")(verify.verify)
app.add_typer(operate.app, name="operate")
app.command("keda-scaler")(keda.keda_scaler)
app.add_typer(exporting.app, name="export")
app.add_typer(importing.app, name="import")
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
    """Run the command line; bad input is one line each and exit code 2, Ctrl-C is 130, SIGTERM is 143."""
    print_anything(sys.stdout, sys.stderr)
    with Ending() as ending:
        code = ending.code(_run())
    sys.exit(code)


def _run() -> int:
    """Return the exit code."""
    try:
        return app(standalone_mode=False) or 0
    except TyperException as error:
        print_problems(*usage(error, sys.argv))
        return error.exit_code
    except AutoscalingError as error:
        print_error(error)
        return error.exit_code
    except ModuleNotFoundError as error:
        return _told(error, missing(error))
    except OSError as error:
        return _told(error, unwritable(error))
    except KeyboardInterrupt:
        return INTERRUPTED


def _told(error: Exception, line: str | None) -> int:
    """Print what an error is called; one that has no name is a defect of ours and keeps its traceback."""
    if line is None:
        raise error
    print_problems(line)
    return 2
