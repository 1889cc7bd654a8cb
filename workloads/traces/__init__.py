"""Readers of recorded traces, one file per format; ``read_trace`` finds the right one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from autoscaling_env.config.workload import TraceConfig
from workloads.recordings import Recording
from workloads.traces.durations import Durations, read_durations
from workloads.traces.formats import Asked, check_durations, check_options, format_of
from workloads.traces.opened import open_trace
from workloads.traces.options import Options
from workloads.traces.selection import Selection
from workloads.traces.source import table


def read_trace(
    config: TraceConfig, base_dir: Path, progress: Callable[[int, int], None] | None
) -> tuple[str, Recording]:
    """Return the name of the trace's format and what it holds.

    Raises:
        TraceError: every problem found, one line each, up to a bound.
    """
    asked = Asked(config, Options.of(config), Selection.of(config), _durations(config, base_dir))
    with open_trace(base_dir / config.file, config.file, progress) as file:
        found = format_of(file, asked)
        if asked.durations is not None and found.name != "azure2019":
            file.problems.fail(None, f"is {found.name}, which takes no durations file; leave out `durations`")
        check_options(found, asked, file)
        return found.name, found.read(file, asked)


def _durations(config: TraceConfig, base_dir: Path) -> Durations | None:
    if config.durations is None:
        return None
    with open_trace(base_dir / config.durations, config.durations, None) as file:
        source = table(file)
        check_durations(source)
        return read_durations(source)


__all__ = ["read_trace"]
