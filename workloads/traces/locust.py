"""Locust's ``*_stats_history.csv``: requests per second, for every name and all together."""

from __future__ import annotations

from workloads.intervals import Intervals
from workloads.traces.opened import TraceFile
from workloads.traces.options import Options
from workloads.traces.selection import Selection
from workloads.traces.series_table import read_columns
from workloads.traces.source import table

TIME, NAME, RATE = "Timestamp", "Name", "Requests/s"
COLUMNS = (TIME, NAME, RATE)
#: What the rows of all requests together are called.
ALL = "Aggregated"


def read_locust(file: TraceFile, options: Options, selection: Selection) -> Intervals:
    """Read the rate of all requests, or of the name that ``series`` says."""
    source = table(file)
    selection.no_functions(source, "locust's history")
    return read_columns(source, options, selection, TIME, options.column or RATE, NAME, ALL)
