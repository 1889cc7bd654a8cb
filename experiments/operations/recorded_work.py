"""The work of tasks that were recorded one by one, for whatever plays a journal, which knows only its mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autoscaling_env.config import load_config
from autoscaling_env.config.loading import layer
from autoscaling_env.errors import InputError
from autoscaling_env.types import FloatArray
from workloads import make_workload
from workloads.trace import TraceWorkload

#: Values that are kept, spread over the recording: so many tell a distribution.
MOST = 100_000


def recorded_work(file: Path) -> FloatArray:
    """Return float64[n], seconds of work of the tasks of a trace, what nobody knows drawn from the others.

    Raises:
        InputError: it cannot be read, or no work is recorded there.
    """
    trace = {"kind": "trace", "file": str(file), "as_recorded": True}
    workload = make_workload(load_config(layer("--tasks", "workload", trace)))
    assert isinstance(workload, TraceWorkload)  # noqa: S101 - a trace was asked for
    work_s = workload.draw(0).service_s if workload.work_recorded else np.zeros(0)
    if not work_s.sum() > 0:
        raise InputError(f"--tasks {file}: no work of a task is recorded there; it needs service_s")
    return work_s[:: -(-len(work_s) // MOST)]
