"""Counts or rates over time, wherever they were read: put in order, and made into a recording."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray
from workloads.intervals import Intervals
from workloads.recordings import UNIX_TIME, in_seconds
from workloads.traces.options import PER_SECONDS, Options
from workloads.traces.problems import Problems
from workloads.traces.selection import Selection

#: Longer than eleven years of minutes.
MAX_INTERVALS = 6_000_000
#: A gap of local times that may be a change of clocks.
CLOCK_CHANGE_S = 3600.0


@dataclass(frozen=True)
class Series:
    """What was read of a series, in any order.

    Attributes:
        time_s: float64[n].
        value: float64[n], NaN where nothing was recorded.
        line: int64[n], where each stands; 0 where a file has no lines.
        unit: what a value counts, see ``PER_SECONDS``; None: not told by the file.
        clock: how times were read, for the line that says what was recognised.
        local: they are times without a zone.
        columns: the columns that were read.
        unused: sentences that name the columns and other parts of the file that were not.
    """

    time_s: FloatArray
    value: FloatArray
    line: NDArray[np.int64]
    unit: str | None
    clock: str
    local: bool
    columns: str
    unused: tuple[str, ...] = field(default=())


def intervals_of(series: Series, options: Options, selection: Selection, problems: Problems) -> Intervals:
    """Return the recording of a series. An interval lasts until the next, at most the median interval.

    What lies beyond that, and values that are missing, are gaps: nothing arrives in them, or with ``gaps: skip`` they
    are cut out. Fractions are kept: a count of 0.5 is half a task, and with the next 0.5 makes one.
    """
    start_s, value = _in_order(series, problems)
    if len(start_s) < 2:
        problems.fail(None, f"intervals: {len(start_s)}; at least 2 are needed to know how long one is")
    steps = np.diff(start_s)
    usual_s = float(np.median(steps))
    length_s = np.minimum(np.append(steps, usual_s), usual_s)
    unit = options.value_unit or series.unit or "count"
    per_s = PER_SECONDS[unit]
    count = value if per_s is None else value * length_s / per_s
    known = np.isfinite(count)
    gap_s = np.append(steps, usual_s) - np.where(known, length_s, 0.0)
    begin_s = start_s - start_s[0]
    if options.gaps == "skip":
        begin_s = begin_s - np.append(0.0, np.cumsum(gap_s)[:-1])
    if not known.any():
        problems.fail(None, "every value is missing")
    said = (_recognised(series, unit, usual_s, len(count)), *_gaps(gap_s, series, options), *series.unused)
    found = _selected(selection, problems, begin_s[known], length_s[known], count[known], said)
    if options.gaps == "skip" or start_s[0] < UNIX_TIME:
        return found
    return replace(found, began_s=float(start_s[0]) + selection.start_s)


def _in_order(series: Series, problems: Problems) -> tuple[FloatArray, FloatArray]:
    order = np.argsort(series.time_s, kind="stable")
    time_s, value, line = series.time_s[order], series.value[order], series.line[order]
    for index in np.flatnonzero(np.diff(time_s) == 0)[:100]:
        after, before = int(line[index + 1]), int(line[index])
        where = f"on line {before}" if before else "of another value"
        problems.add(after, f"timestamp: the same as the one {where}; each interval may be there once")
    problems.check()
    return time_s, value


def _selected(
    selection: Selection,
    problems: Problems,
    start_s: FloatArray,
    length_s: FloatArray,
    count: FloatArray,
    said: tuple[str, ...],
) -> Intervals:
    end_s = float(start_s[-1] + length_s[-1])
    chosen = selection.inside(start_s) & (count > 0)
    if round(float(count[chosen].sum())) == 0:
        problems.fail(None, f"no task between {selection.range_shown}; the recording lasts {end_s:g} s")
    span_s = max(selection.length_s or 0.0, float((start_s + length_s)[chosen][-1]) - selection.start_s)
    if selection.end_s is None:
        span_s = end_s - selection.start_s
    return Intervals(start_s[chosen] - selection.start_s, length_s[chosen], count[chosen], span_s, notes=said)


def _recognised(series: Series, unit: str, usual_s: float, rows: int) -> str:
    what = "counts" if unit == "count" else f"rates {unit.replace('_', ' ')}"
    told = "" if series.unit or unit != "count" else " (if they are rates, say unit: per_second)"
    return f"Read {series.columns} as {what}{told}, {series.clock}, {rows} intervals of {in_seconds(usual_s)}."


def _gaps(gap_s: FloatArray, series: Series, options: Options) -> tuple[str, ...]:
    gaps = gap_s[gap_s > 1e-6]
    if not len(gaps):
        return ()
    done = "cut out" if options.gaps == "skip" else "nothing arrives in them (gaps: skip cuts them out)"
    said = [f"Gaps: {len(gaps)}, {in_seconds(float(gaps.sum()))} in all; {done}."]
    if series.local and (np.abs(gaps - CLOCK_CHANGE_S) < 1).any():
        said.append("A gap of one hour in local times may be a change of clocks; a timezone tells.")
    return tuple(said)
