"""``autoscale verify``: what became of every task of a live run."""

from __future__ import annotations

import experiments
from autoscaling_env.errors import AutoscalingError
from cli import options
from cli.show import print_json, print_line, show_rows


class LossError(AutoscalingError):
    """A run lost or duplicated tasks."""


def verify(run: options.Run, as_json: options.Json = False) -> None:
    """Check the history of a live run: every task exactly one result, none lost, none counted twice.

    Exit code 1 if not. Example: autoscale verify runs/compare_run_20260101T000000Z
    """
    found = experiments.verify(run)
    if as_json:
        print_json(found.rows)
    else:
        show_rows("what became of every task", found.rows)
    for line in found.problems:
        print_line(line)
    if not found.passed:
        raise LossError(f"{run}: tasks were lost, duplicated or came from outside")
