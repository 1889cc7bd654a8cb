"""``autoscale operate report``: what happened, how well the twin reproduces it, and what else might have happened."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import experiments
from autoscaling_env.errors import AutoscalingError, InputError, unknown_name
from cli import options
from cli.show import show_found
from cli.terminal import Terminal


class TwinError(AutoscalingError):
    """The twin does not reproduce what happened, so nothing is said of other policies."""


def report(
    place: options.Journal = Path("operate-state"),
    since: options.Since = None,
    until: options.Until = None,
    policies: Annotated[
        str | None,
        typer.Option(
            "--agents",
            metavar="NAME,NAME,…",
            help="Who is asked.  [default: the journal's policy, hpa, keda, static-best, hindsight]",
        ),
    ] = None,
    variation: Annotated[
        float | None,
        typer.Option("--variation", help="Standard deviation of tasks' work over its mean.  [default: as believed]"),
    ] = None,
    tasks: options.RecordedTasks = None,
    limit: Annotated[
        list[str] | None,
        typer.Option("--limit", metavar="KEY=VALUE", help="How far the twin may be off, such as share=3. Repeatable."),
    ] = None,
    block: Annotated[float, typer.Option("--block", metavar="SECONDS", help="Blocks of the bootstrap.")] = 600.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is drawn.")] = 0,
    output: Annotated[Path, typer.Option("--output", "--out", "-o", metavar="FILE", help="The page.")] = Path(
        "operate-report.html"
    ),
    as_json: options.Json = False,
) -> None:
    """Say what happened and how well the twin reproduces it; then play the same arrivals under other policies.

    Exit code 1 if the twin is off by more than its limits: then nothing is said of other policies.

    Examples:

      autoscale operate report --since 24h

      autoscale operate report operate-state --since 24h --agents planner,hpa --json

      autoscale operate report --since 7d --until 6d --limit share=3 -o monday.html

      autoscale operate report --tasks shop.csv
    """
    begin, end = options.span(since, until, datetime.now(UTC))
    with Terminal(quiet=as_json) as listener:
        found = experiments.counterfactual(
            place,
            since=begin,
            until=end,
            policies=None if policies is None else experiments.split_names(policies),
            variation=variation,
            tasks=tasks,
            limits=_limits(limit or []),
            block_s=block,
            seed=seed,
            output=output,
            listener=listener,
        )
    show_found(found, as_json=as_json)
    if not found.trusted:
        raise TwinError(f"{place}: {found.verdict}")


def _limits(given: list[str]) -> experiments.Limits:
    limits = experiments.Limits()
    names = [field.name for field in fields(limits)]
    for text in given:
        name, _, value = text.partition("=")
        if name not in names:
            raise InputError(unknown_name("limit", name, names))
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            raise InputError(f"--limit {text}: must be a number from 0, such as share=3")
        limits = replace(limits, **{name: number})
    return limits
