"""What stages of an operation looked like, over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis.plots.replicas import replica_plot
from operate.journal.frame import frame
from operate.record import Record


def operated_picture(stages: Mapping[str, Sequence[Record]], path: Path) -> Path:
    """Draw workers and queue of each stage from its own beginning, and return the picture's path."""
    runs = {}
    for name, records in stages.items():
        steps = frame(records)
        at = pd.to_datetime(steps["at"], utc=True)  # the policy's own time begins anew with every period
        runs[name] = steps.assign(time_s=(at - at.iloc[0]).dt.total_seconds())
    return replica_plot(runs, path, title="The same load, before and after")
