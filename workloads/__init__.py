"""Sources of tasks: phases of a rate, and recorded traces fitted to the farm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from autoscaling_env.config import Config
from autoscaling_env.workload import Workload

#: Called with (bytes done, bytes in all) while a trace is read.
Progress = Callable[[int, int], None]


def make_workload(
    config: Config, *, base_dir: Path | None = None, progress: Progress | None = None
) -> Workload:
    """Return the workload the configuration asks for.

    Args:
        config: read for ``workload``; a trace is fitted to ``environment`` and ``farm.max_workers``.
        base_dir: where a trace's relative path starts; the working directory if left out.
        progress: called while a trace is read.

    Raises:
        InputError: the workload has no tasks, or its trace cannot be read.
    """
    from workloads.phased import PhasedWorkload

    return PhasedWorkload(config.workload)


__all__ = ["Progress", "make_workload"]
