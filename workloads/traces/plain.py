"""Plain CSV: ``arrival_s[,service_s[,deadline_s]]``, or timestamps alone."""

from __future__ import annotations

import numpy as np

from autoscaling_env.types import FloatArray
from workloads.events import Events
from workloads.traces.columns import DEADLINE, SERVICE, TIME, numbers, times
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection
from workloads.traces.source import Source

OPTIONAL = {"service_s": SERVICE, "deadline_s": DEADLINE}


def read_plain(source: Source, selection: Selection) -> Events:
    """Read tasks in any order; they are sorted by arrival.

    ``arrival_s`` counts from the start of the episode. ``timestamp`` (seconds or dates) counts from the
    first of them.
    """
    selection.no_functions(source, "a plain CSV")
    clock = "arrival_s" if "arrival_s" in source.header else "timestamp"
    wanted = [name for name in OPTIONAL if name in source.header]
    pool = Pool()
    for chunk in source.chunks((clock, *wanted)):
        read = (
            numbers(chunk, clock, source.problems, TIME)
            if clock == "arrival_s"
            else times(chunk, clock, source.problems)
        )
        rest = [numbers(chunk, name, source.problems, OPTIONAL[name]) for name in wanted]
        pool.add(read, *rest)
    source.problems.check()
    columns = pool.columns(1 + len(wanted))
    found = dict(zip(wanted, columns[1:], strict=True))
    origin_s = 0.0 if clock == "arrival_s" else None
    return events(source, selection, columns[0], found, pool.share, origin_s)


def events(
    source: Source,
    selection: Selection,
    arrival_s: FloatArray,
    columns: dict[str, FloatArray],
    share: float,
    origin_s: float | None = None,
) -> Events:
    """Sort tasks, cut out the selected range and count time from its start.

    Without an end the recording lasts one mean gap longer than its last arrival.

    Args:
        source: for messages.
        selection: the range.
        arrival_s: float64[n], any clock, any order.
        columns: ``service_s`` and ``deadline_s`` where recorded, float64[n] each.
        share: part of the recorded tasks that is held.
        origin_s: when the recording starts; with the first arrival if left out.
    """
    if len(arrival_s) == 0:
        source.problems.fail(None, "has a header but no tasks")
    origin_s = float(arrival_s.min()) if origin_s is None else origin_s
    arrival_s = arrival_s - origin_s
    order = np.argsort(arrival_s, kind="stable")
    order = order[selection.inside(arrival_s[order])]
    if len(order) == 0:
        source.problems.fail(None, f"no task between {selection.range_shown}; the last is at {arrival_s.max():g} s")
    arrival_s = arrival_s[order] - selection.start_s
    recorded = {name: values[order] for name, values in columns.items()}
    span_s = selection.length_s or _span_s(arrival_s, share)
    return Events(arrival_s, recorded.get("service_s"), recorded.get("deadline_s"), span_s, share)


def _span_s(arrival_s: FloatArray, share: float) -> float:
    last, tasks = float(arrival_s[-1]), len(arrival_s) / share
    gap = (last - float(arrival_s[0])) / (tasks - 1) if tasks > 1 else 0.0
    return max(last + gap, np.nextafter(last, np.inf)) if last + gap > 0 else 1.0
