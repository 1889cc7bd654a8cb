"""Counts or rates in a table: a column of times, one of values (or one for each series), perhaps one of names."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoscaling_env.errors import nearest
from autoscaling_env.types import FloatArray
from workloads.intervals import Intervals
from workloads.traces.clocks import Clock
from workloads.traces.opened import TraceFile
from workloads.traces.options import Options
from workloads.traces.selection import Selection
from workloads.traces.series import MAX_INTERVALS, Series, intervals_of
from workloads.traces.source import Source, table
from workloads.traces.time_columns import TIMES, time_column
from workloads.traces.values import Values

#: What the column of values is called where several could be it.
VALUES = ("value", "count", "requests", "tasks", "sum", "samplecount")
#: What a column of series' names is called.
NAMES = ("series", "metric", "name", "label")


def read_series_table(file: TraceFile, options: Options, selection: Selection) -> Intervals:
    """Read a table of counts or rates; see ``intervals_of`` for how intervals come of them."""
    source = table(file)
    selection.no_functions(source, "a file of counts")
    time = time_column(source.header)
    if time is None:
        source.problems.fail(source.header_line, f"no column of times; it is called one of {', '.join(TIMES)}")
    names = next((name for name in source.header if name.strip().lower() in NAMES), None)
    if names is not None and names == options.column:
        names = None
    chosen = _value_column(source, options, {time, names})
    return read_columns(source, options, selection, time, chosen, names)


def read_columns(
    source: Source,
    options: Options,
    selection: Selection,
    time: str,
    column: str,
    names: str | None,
    default_series: str | None = None,
) -> Intervals:
    """Read the columns of times and values; of ``names`` only the rows of the series that is asked for."""
    clock, values = Clock(options), Values(column)
    wanted = tuple(dict.fromkeys(name for name in (time, column, names) if name is not None))
    blocks: list[tuple[FloatArray, FloatArray, NDArray[np.int64]]] = []
    rows = _Rows(source, names, options.series or default_series)
    for chunk in source.chunks(wanted):
        kept = rows.of(chunk)
        if not len(kept):
            continue
        line = kept.index.to_numpy(dtype=np.int64)
        blocks.append((clock.seconds(kept, time, source.problems), values.numbers(kept, source.problems), line))
        if sum(len(block[0]) for block in blocks) > MAX_INTERVALS:
            source.problems.fail(None, f"more than {MAX_INTERVALS} intervals; export fewer or longer ones")
    rows.check()
    source.problems.check()
    if not blocks:
        source.problems.fail(None, "has a header but no rows")
    time_s, value, line = (np.concatenate(part) for part in zip(*blocks, strict=True))
    shown = f"{time}, {column}" + (f" of {rows.series}" if rows.series else "")
    unused = source.unused(*wanted)
    series = Series(time_s, value, line, values.unit, clock.shown, clock.local, shown, unused)
    return intervals_of(series, options, selection, source.problems)


class _Rows:
    """The rows of one series among several: of the one that is asked for, else of the only one."""

    def __init__(self, source: Source, names: str | None, asked: str | None) -> None:
        self._source, self._names, self._asked = source, names, asked
        self._seen: dict[str, None] = {}

    @property
    def series(self) -> str | None:
        """The series that is read; None where rows do not say theirs."""
        return self._asked if self._asked and self._names else next(iter(self._seen), None)

    def of(self, chunk: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the series."""
        if self._names is None:
            return chunk
        text = chunk[self._names].astype(str)
        self._seen.update(dict.fromkeys(text.unique()))
        return chunk[(text == self.series).to_numpy()]

    def check(self) -> None:
        """Raise where there are several series and none was named, or the named one is not there."""
        seen, problems = list(self._seen), self._source.problems
        if self._names is None:
            return
        if self._asked is not None and self._asked not in seen:
            problems.fail(None, f"no series {self._asked!r}{nearest(self._asked, seen)}; there are {_list(seen)}")
        if self._asked is None and len(seen) > 1:
            problems.fail(None, f"{self._names}: several series; name one with series (--series): {_list(seen)}")


def _value_column(source: Source, options: Options, taken: set[str | None]) -> str:  # noqa: RET503 - fail raises
    others = [name for name in source.header if name not in taken]
    asked = options.column or (options.series if options.series in others else None)
    if asked is not None:
        if asked not in source.header:
            hint = nearest(asked, others)
            source.problems.fail(source.header_line, f"no column {asked!r}{hint}; there are {_list(others)}")
        return asked
    known = [name for name in others if name.strip().lower() in VALUES]
    found = others if len(others) == 1 else known
    if found:
        return found[0]
    if not others:
        source.problems.fail(source.header_line, "a column of times and none of values; add one, or say format: csv")
    remedy = "name it with column (--column), or say format: csv if every row is one task"
    source.problems.fail(source.header_line, f"several columns may be the value: {_list(others)}; {remedy}")


def _list(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
