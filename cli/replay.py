"""``autoscale replay``: the decisions of a recorded run, or of a controller's journal, on any farm."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import experiments
from cli import options
from cli.groups import takes
from cli.options import Farm
from cli.show import show_comparison
from cli.terminal import terminal_for


@takes(farm=options.FARM)
def replay(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a journal of `autoscale operate`.")],
    farm: Farm,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    output_dir: options.OutputDir = Path("runs"),
    since: options.Since = None,
    until: options.Until = None,
    tasks: options.RecordedTasks = None,
    as_json: options.Json = False,
) -> None:
    """Feed a recorded run's worker counts to a farm, on the same tasks, and record what comes of them.

    Of a controller's journal the longest stretch without a gap is played: the same arrivals, and the counts in force.

    Examples:

      autoscale replay runs/compare_run_20260101T000000Z --backend local

      autoscale replay runs/compare_run_LIVE --config farm.yml

      autoscale replay operate-state --since 6h

      autoscale replay operate-state --tasks shop.csv
    """
    begin, end = options.span(since, until, datetime.now(UTC))
    with terminal_for(farm, quiet=as_json) as listener:
        found = experiments.replay(
            run,
            **farm,
            config=config,
            assignments=assignments or (),
            output_dir=output_dir,
            listener=listener,
            command=sys.argv,
            since=begin,
            until=end,
            tasks=tasks,
        )
    show_comparison(found, as_json=as_json)
