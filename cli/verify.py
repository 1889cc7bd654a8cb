"""``autoscale verify``: what became of every task of a live run."""

from __future__ import annotations

import json

import typer

from autoscaling_env.errors import AutoscalingError
from cli import options
from cli.console import out
from cli.show import show_rows


class LossError(AutoscalingError):
    """A run lost or duplicated tasks."""


def verify(run: options.Run, as_json: options.Json = False) -> None:
    """Check the history of a live run: every task exactly one result, none lost, none counted twice.

    Exit code 1 if not. Example: autoscale verify runs/compare_run_20260101T000000Z
    """
    from live.records import verify_run

    verdicts = verify_run(run)
    rows = [
        {"Agent": agent, "Episode": str(episode + 1), **{key: str(value) for key, value in verdict.counts().items()}}
        for (agent, episode), verdict in verdicts.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    else:
        show_rows("what became of every task", rows)
    problems = [line for verdict in verdicts.values() for line in verdict.problems]
    for line in problems:
        out.print(line, highlight=False, soft_wrap=True)
    if not all(verdict.passed for verdict in verdicts.values()):
        raise LossError(f"{run}: tasks were lost, duplicated or came from outside")
