"""Counts per interval: ``timestamp,value``, what CloudWatch and Prometheus export."""

from __future__ import annotations

import numpy as np

from autoscaling_env.types import FloatArray
from workloads.intervals import Intervals
from workloads.traces.columns import COUNT, numbers, times
from workloads.traces.selection import Selection
from workloads.traces.source import Source

#: Longer than eleven years of minutes.
MAX_INTERVALS = 6_000_000


def read_counts(source: Source, selection: Selection) -> Intervals:
    """Read counts in order of time. An interval lasts until the next, at most the median interval.

    What lies beyond that is a gap in the recording: nothing arrives in it. Fractions are kept: a count
    of 0.5 is half a task, and with the next 0.5 makes one.
    """
    selection.no_functions(source, "a file of counts")
    start_s, count, line = _rows(source)
    _check_order(source, start_s, line)
    source.problems.check()
    if len(start_s) < 2:
        source.problems.fail(
            None,
            f"intervals: {len(start_s)}; at least 2 are needed to know how long one is",
        )
    gaps = np.diff(start_s)
    length_s = np.minimum(np.append(gaps, np.median(gaps)), np.median(gaps))
    start_s = start_s - start_s[0]
    return _selected(source, selection, start_s, length_s, count)


def _rows(source: Source) -> tuple[FloatArray, FloatArray, FloatArray]:
    blocks: list[FloatArray] = [np.empty((3, 0))]
    held = 0
    for chunk in source.chunks(("timestamp", "value")):
        time_s = times(chunk, "timestamp", source.problems)
        count = numbers(chunk, "value", source.problems, COUNT)
        blocks.append(np.stack((time_s, count, chunk.index.to_numpy(dtype=np.float64))))
        held += len(chunk)
        if held > MAX_INTERVALS:
            source.problems.fail(None, f"more than {MAX_INTERVALS} intervals; export fewer or longer ones")
    start_s, count, line = np.concatenate(blocks, axis=1)
    return start_s, count, line


def _check_order(source: Source, start_s: FloatArray, line: FloatArray) -> None:
    for index in np.flatnonzero(np.diff(start_s) <= 0)[:100]:
        after, before = int(line[index + 1]), int(line[index])
        source.problems.add(after, f"timestamp: not later than the one on line {before}; counts must rise in time")


def _selected(
    source: Source, selection: Selection, start_s: FloatArray, length_s: FloatArray, count: FloatArray
) -> Intervals:
    end_s = float(start_s[-1] + length_s[-1])
    chosen = selection.inside(start_s) & (count > 0)
    if round(float(count[chosen].sum())) == 0:
        source.problems.fail(None, f"no task between {selection.range_shown}; the recording lasts {end_s:g} s")
    span_s = max(selection.length_s or 0.0, float((start_s + length_s)[chosen][-1]) - selection.start_s)
    if selection.end_s is None:
        span_s = end_s - selection.start_s
    return Intervals(start_s[chosen] - selection.start_s, length_s[chosen], count[chosen], span_s)
