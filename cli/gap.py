"""``autoscale gap``: a simulated run beside the live run of the same episodes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import experiments
from cli import options
from cli.show import show_found


def gap(
    sim_run: Annotated[Path, typer.Argument(metavar="SIM_RUN", help="A simulated run.")],
    live_run: Annotated[Path, typer.Argument(metavar="LIVE_RUN", help="A live run of the same episodes.")],
    as_json: options.Json = False,
) -> None:
    """Compare a simulated with a live run on the same episodes: errors, distributions, ranking, picture.

    Example: autoscale gap runs/compare_run_SIM runs/compare_run_LIVE
    """
    show_found(experiments.gap(sim_run, live_run), as_json=as_json)
