"""``autoscale calibrate``: the simulated farm fitted to a live one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from autoscaling_env.errors import InputError
from autoscaling_env.files import check_place
from cli import options
from cli.completing import listed, one_of
from cli.show import print_line, print_paths, show_tables
from cli.terminal import Terminal

if TYPE_CHECKING:
    from experiments import Calibration


def calibrate(
    run: Annotated[Path | None, typer.Argument(metavar="[RUN]", help="A live run's folder.")] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Instead: scale the farm up and down a few times and time it.")
    ] = False,
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=1, help="With --probe: how often.  [default: 5]")
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            metavar="NAME",
            help="With --probe: which farm.  [default: local]",
            autocompletion=one_of(listed("list_farms")),
        ),
    ] = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where the farm's configuration goes.")
    ] = None,
) -> None:
    """Fit the simulated farm to a live run: start-up, pick-up, overhead and collector, as a file for --config.

    How the run's tasks came is told, too, and written to a file of its own beside it.

    Examples:

      autoscale calibrate runs/compare_run_20260101T000000Z -o farm.yml

      autoscale calibrate --probe --backend local -o startup.yml
    """
    if probe == (run is not None):
        raise InputError("calibrate needs a RUN, or --probe, and not both")
    if output is not None:
        check_place(output)
    if run is not None:
        given = {"--rounds": rounds, "--backend": backend, "--config": config, "--set": assignments}
        if others := [option for option, value in given.items() if value]:
            raise InputError(*(f"{option} belongs to --probe: a run has its own configuration" for option in others))
        _show(experiments.calibrate(run, output))
        return
    setup = experiments.Setup(config=config, assignments=tuple(assignments or ()))
    with Terminal() as listener:
        found = experiments.probe(backend or "local", setup, rounds=rounds or 5, output=output, listener=listener)
    _show(found)


def _show(found: Calibration) -> None:
    show_tables(found.tables())
    for note in found.notes:
        print_line(note)
    print_paths(found.files)
