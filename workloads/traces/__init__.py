"""Readers of recorded traces, one file per format; ``read_trace`` finds the right one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from autoscaling_env.config.workload import TraceConfig
from workloads.recordings import Recording
from workloads.traces.azure2019 import read_azure2019
from workloads.traces.azure2021 import read_azure2021
from workloads.traces.counts import read_counts
from workloads.traces.durations import Durations, read_durations
from workloads.traces.formats import check_durations, format_of
from workloads.traces.opened import open_trace
from workloads.traces.plain import read_plain
from workloads.traces.selection import Selection
from workloads.traces.source import Source, table

READERS: Mapping[str, Callable[[Source, Selection], Recording]] = {
    "azure2021": read_azure2021,
    "counts": read_counts,
    "csv": read_plain,
}


def read_trace(
    config: TraceConfig, base_dir: Path, progress: Callable[[int, int], None] | None
) -> tuple[str, Recording]:
    """Return the name of the trace's format and what it holds.

    Raises:
        TraceError: every problem found, one line each, up to a bound.
    """
    durations = _durations(config, base_dir)
    selection = Selection.of(config)
    with open_trace(base_dir / config.file, config.file, progress) as file:
        source = table(file)
        found = format_of(source, config.format)
        if durations is not None and found != "azure2019":
            source.problems.fail(None, f"is {found}, which takes no durations file; leave out `durations`")
        if found == "azure2019":
            drop = config.drop_without_durations
            return found, read_azure2019(source, selection, durations, drop_unknown=drop)
        return found, READERS[found](source, selection)


def _durations(config: TraceConfig, base_dir: Path) -> Durations | None:
    if config.durations is None:
        return None
    with open_trace(base_dir / config.durations, config.durations, None) as file:
        source = table(file)
        check_durations(source)
        return read_durations(source)


__all__ = ["read_trace"]
