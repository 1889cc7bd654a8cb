"""Tasks written as a plain CSV that can be replayed."""

from __future__ import annotations

from pathlib import Path

from autoscaling_env.files import atomic_write
from autoscaling_env.types import TaskBatch


def write_csv(batch: TaskBatch, path: Path | str) -> None:
    """Write ``arrival_s,service_s,deadline_s``, one row per task, atomically.

    Numbers are written so that reading them gives the same doubles: replayed with ``as_recorded`` the
    file is the batch, to the bit.
    """
    import pandas as pd

    columns = {"arrival_s": batch.arrival_s, "service_s": batch.service_s, "deadline_s": batch.deadline_s}
    with atomic_write(path) as file:
        pd.DataFrame(columns).to_csv(file, index=False, lineterminator="\n")
