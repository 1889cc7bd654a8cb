"""``autoscale replay``: a recorded run's decisions on any farm, on the same tasks."""

from __future__ import annotations

import sys
from pathlib import Path

import experiments
from cli import options
from cli.groups import takes
from cli.options import Farm
from cli.show import show_comparison
from cli.terminal import terminal_for


@takes(farm=options.FARM)
def replay(
    run: options.Run,
    farm: Farm,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    output_dir: options.OutputDir = Path("runs"),
    as_json: options.Json = False,
) -> None:
    """Feed a recorded run's worker counts to a farm, on the same tasks, and record what comes of them.

    Examples:

      autoscale replay runs/compare_run_20260101T000000Z --backend local

      autoscale replay runs/compare_run_LIVE --config farm.yml
    """
    with terminal_for(farm, quiet=as_json) as listener:
        found = experiments.replay(
            run,
            **farm,
            config=config,
            assignments=assignments or (),
            output_dir=output_dir,
            listener=listener,
            command=sys.argv,
        )
    show_comparison(found, as_json=as_json)
