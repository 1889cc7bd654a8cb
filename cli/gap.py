"""``autoscale gap``: a simulated run beside the live run of the same episodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from cli import options
from cli.show import print_json, print_paths, show_rows

if TYPE_CHECKING:
    from experiments import Gap


def gap(
    sim_run: Annotated[Path, typer.Argument(metavar="SIM_RUN", help="A simulated run.")],
    live_run: Annotated[Path, typer.Argument(metavar="LIVE_RUN", help="A live run of the same episodes.")],
    as_json: options.Json = False,
) -> None:
    """Compare a simulated with a live run on the same episodes: errors, distributions, ranking, picture.

    Example: autoscale gap runs/compare_run_SIM runs/compare_run_LIVE
    """
    found = experiments.gap(sim_run, live_run)
    if as_json:
        print_json(found.to_json())
    else:
        show_gap(found)


def show_gap(found: Gap) -> None:
    """Print what a gap report says, and where it is."""
    for title, rows in found.tables().items():
        show_rows(title, rows)
    print_paths(found.files)
