"""Tasks, and counts of them, written as CSV that traces are read from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoscaling_env.files import atomic_write
from autoscaling_env.types import FloatArray, TaskBatch

#: What would break a line.
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def write_csv(batch: TaskBatch, path: Path | str) -> None:
    """Write ``arrival_s,service_s,deadline_s``, one row per task, atomically.

    Numbers are written so that reading them gives the same doubles: replayed with ``as_recorded`` the
    file is the batch, to the bit.
    """
    columns = {"arrival_s": batch.arrival_s, "service_s": batch.service_s, "deadline_s": batch.deadline_s}
    with atomic_write(path) as file:
        pd.DataFrame(columns).to_csv(file, index=False, lineterminator="\n")


def write_recording(came_s: FloatArray, work_s: FloatArray, names: Sequence[str], path: Path | str) -> None:
    """Write ``timestamp,service_s,task``, one row per task in order of arrival, atomically.

    Work that nobody knows is left empty. The same tasks are the same bytes.

    Args:
        came_s: float64[n], Unix time in seconds at which each came; written to the microsecond.
        work_s: float64[n], seconds of work; NaN where nobody knows.
        names: of n tasks; "" where one has none.
        path: the file.
    """
    order = np.argsort(came_s, kind="stable")
    columns = {
        "timestamp": [f"{value:.6f}" for value in came_s[order].tolist()],
        "service_s": work_s[order],
        "task": [CONTROL.sub(" ", names[place]) for place in order.tolist()],
    }
    with atomic_write(path) as file:
        pd.DataFrame(columns).to_csv(file, index=False, lineterminator="\n")


def write_counts(begin_s: float, step_s: float, counts: NDArray[np.int64], path: Path | str) -> None:
    """Write ``timestamp,count``, one row per step, atomically.

    Args:
        begin_s: Unix time at which the first step begins; written to the millisecond.
        step_s: seconds of a step.
        counts: int64[t], the tasks that came in each.
        path: the file.
    """
    lines = (f"{begin_s + step * step_s:.3f},{count}\n" for step, count in enumerate(counts.tolist()))
    with atomic_write(path) as file:
        file.write("timestamp,count\n")
        file.writelines(lines)
