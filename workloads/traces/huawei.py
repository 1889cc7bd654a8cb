"""Huawei Cloud's serverless traces 2023: requests per second or minute, a column for each function.

https://github.com/sir-lab/data-release/blob/main/README_data_release_2023.md (``requests_second``, ``requests_minute``)
"""

from __future__ import annotations

import numpy as np

from workloads.intervals import Intervals
from workloads.traces.columns import TIME, numbers
from workloads.traces.opened import TraceFile
from workloads.traces.options import Options
from workloads.traces.selection import Selection
from workloads.traces.series import MAX_INTERVALS, Series, intervals_of
from workloads.traces.source import header_of, table
from workloads.traces.values import Values

DAY, CLOCK = "day", "time"


def is_huawei(head: tuple[str, ...]) -> bool:
    """Whether a file is a day of them."""
    header = header_of(head)
    return header[:2] == (DAY, CLOCK) and len(header) > 2 and all(name.isdecimal() for name in header[2:])


def read_huawei(file: TraceFile, options: Options, selection: Selection) -> Intervals:
    """Read the requests of all functions together, or of those that are selected; an empty cell is none."""
    source = table(file)
    functions = [name for name in source.header[2:] if not selection.functions or name in selection.functions]
    for wanted in selection.functions:
        if wanted not in source.header[2:]:
            source.problems.add(source.header_line, f"no function {wanted!r}; there are 0 to {source.header[-1]}")
    source.problems.check()
    times, counts, lines = [np.empty(0)], [np.empty(0)], [np.empty(0, dtype=np.int64)]
    for chunk in source.chunks((CLOCK, *functions)):
        times.append(numbers(chunk, CLOCK, source.problems, TIME))
        cells = [np.nan_to_num(Values(name).numbers(chunk, source.problems)) for name in functions]
        counts.append(np.sum(cells, axis=0))
        lines.append(chunk.index.to_numpy(dtype=np.int64))
        if sum(map(len, times)) > MAX_INTERVALS:
            source.problems.fail(None, f"more than {MAX_INTERVALS} intervals; read fewer days")
    source.problems.check()
    shown = f"{CLOCK} and {len(functions)} of {len(source.header) - 2} functions"
    time_s, count, line = np.concatenate(times), np.concatenate(counts), np.concatenate(lines)
    series = Series(time_s, count, line, "count", "times in s", local=False, columns=shown)
    return intervals_of(series, options, selection, source.problems)
