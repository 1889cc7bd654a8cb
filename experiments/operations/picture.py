"""What stages of an operation looked like, over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from analysis import plots
from operate.journal.frame import frame
from operate.record import Record


def operated_picture(stages: Mapping[str, Sequence[Record]], path: Path, period_s: float) -> Path:
    """Draw workers and queue of each stage, and return the picture's path.

    Args:
        stages: name -> records of ticks.
        path: the PNG file.
        period_s: the load repeats after this: stages are shifted by whole ones, so the same load is in one place.
    """
    runs, first_s = {}, None
    for name, records in stages.items():
        at_s = [datetime.fromisoformat(record.at).timestamp() for record in records]
        first_s = at_s[0] if first_s is None else first_s
        begin_s = at_s[0] - (at_s[0] - first_s) % period_s
        runs[name] = frame(records).assign(time_s=[each - begin_s for each in at_s])
    return plots.replica_plot(runs, path, title="The same load, before and after")
