"""``autoscale plot``: draw a run's pictures again, from its files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import experiments
from cli.show import print_paths


def plot(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder: of a training or a comparison.")],
) -> None:
    """Draw the pictures of a run again.

    Example: autoscale plot runs/dqn_run_20260101T000000Z
    """
    print_paths(experiments.draw(run))
