"""``autoscale merge``: recorded runs set beside each other, such as a cluster's own autoscaler beside our policies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import experiments
from cli import options
from cli.show import show_comparison

Runs = Annotated[
    list[str],
    typer.Argument(metavar="[LABEL=]RUN…", help="Run folders of compare, evaluate or replay, each with its label."),
]


def merge(runs: Runs, output_dir: options.OutputDir = Path("runs"), as_json: options.Json = False) -> None:
    """Set recorded runs beside each other: one table, one report, the worker counts over time in one picture.

    The runs must have met the same tasks; episodes that not all of them played are left out. A label names the
    only agent of a run, or tells several apart; without one, an agent that several runs played is named by its farm.

    Examples:

      autoscale merge runs/compare_run_EXTERNAL runs/compare_run_OURS

      autoscale merge "real KEDA=runs/compare_run_EXTERNAL" "simulated KEDA=runs/compare_run_KEDA"
    """
    show_comparison(experiments.merge(runs, output_dir=output_dir, command=sys.argv), as_json=as_json)
