"""``autoscale operate journal``: what a controller saw and decided, filtered, and as a table for other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import experiments
from cli import options
from cli.completing import one_of
from cli.show import show_found
from operate.journal import FILTERS


def journal(
    place: options.Journal = Path("operate-state"),
    since: options.Since = None,
    until: options.Until = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="|".join(FILTERS),
            help="Only records that are this. Repeatable: they must be all of it.",
            autocompletion=one_of(lambda: tuple(FILTERS)),
        ),
    ] = None,
    last: Annotated[int, typer.Option("--last", min=0, metavar="N", help="Show so many records.")] = 20,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="FILE", help="Write all of them as a table, a row a tick.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show what a controller saw, what it decided and why; damaged lines are named.

    Examples:

      autoscale operate journal --since 1h

      autoscale operate journal operate-state --where bent --where written --last 50

      autoscale operate journal --since 24h --parquet ticks.parquet
    """
    begin, end = options.span(since, until, datetime.now(UTC))
    found = experiments.read_journal(place, since=begin, until=end, only=where or (), last=last)
    if parquet is not None:
        experiments.journal_to_parquet(place, parquet, since=begin, until=end, only=where or ())
        found = found.with_file("table", parquet)
    show_found(found, as_json=as_json)
