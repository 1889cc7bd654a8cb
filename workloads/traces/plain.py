"""Plain CSV: ``arrival_s[,service_s[,deadline_s]]``, or timestamps alone."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from autoscaling_env.errors import nearest
from autoscaling_env.types import FloatArray
from workloads.events import Events
from workloads.traces.clocks import Clock
from workloads.traces.columns import DEADLINE, SERVICE, TIME, numbers
from workloads.traces.options import Options
from workloads.traces.pool import Pool
from workloads.traces.problems import Problems
from workloads.traces.selection import Selection
from workloads.traces.source import Source
from workloads.traces.time_columns import time_column

ARRIVAL = "arrival_s"
OPTIONAL = {"service_s": SERVICE, "deadline_s": DEADLINE}
#: What a task may have.
COLUMNS = (ARRIVAL, *OPTIONAL)


def read_plain(source: Source, selection: Selection, options: Options) -> Events:
    """Read tasks in any order; they are sorted by arrival.

    ``arrival_s`` counts from the start of the episode. A column of times, such as ``timestamp``, (seconds or dates)
    counts from the first of them.
    """
    selection.no_functions(source, "a plain CSV")
    clock, times = _clock(source), Clock(options)
    wanted = [name for name in OPTIONAL if name in source.header]
    _check_names(source, {clock, *wanted})
    pool = Pool()
    for chunk in source.chunks((clock, *wanted)):
        if clock == ARRIVAL and options.unit is None:
            read = numbers(chunk, clock, source.problems, TIME)
        else:
            read = times.seconds(chunk, clock, source.problems)
        rest = [numbers(chunk, name, source.problems, OPTIONAL[name]) for name in wanted]
        pool.add(read, *rest)
    source.problems.check()
    columns = pool.columns(1 + len(wanted))
    found = dict(zip(wanted, columns[1:], strict=True))
    notes = (f"Read {clock} as {times.shown}.",) if times.shown else ()
    return events(
        source,
        selection,
        columns[0],
        found,
        pool.share,
        0.0 if clock == ARRIVAL else None,
        (*notes, *source.unused(clock, *wanted)),
    )


def _clock(source: Source) -> str:
    if ARRIVAL in source.header:
        return ARRIVAL
    time = time_column(source.header)
    if time is None:
        spare = [name for name in source.header if name not in COLUMNS]
        hint = nearest(ARRIVAL, spare).replace("did you mean", "is it called")
        source.problems.fail(source.header_line, f"no column {ARRIVAL!r}{hint}; csv needs {ARRIVAL}, or timestamp")
    return time


def _check_names(source: Source, used: set[str]) -> None:
    """Raise for columns that would not be used and are nearly called like ones that would."""
    missing = [name for name in COLUMNS if name not in source.header]
    for name in (name for name in source.header if name not in used):
        if hint := nearest(name, missing).replace("did you mean", "is it meant to be"):
            source.problems.add(source.header_line, f"column {name!r} is not used{hint}; rename it, or leave it out")
    source.problems.check()


class HasProblems(Protocol):
    """A file that problems are noted of."""

    @property
    def problems(self) -> Problems:
        """Where they go."""
        ...


def events(
    source: HasProblems,
    selection: Selection,
    arrival_s: FloatArray,
    columns: dict[str, FloatArray],
    share: float,
    origin_s: float | None = None,
    notes: tuple[str, ...] = (),
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
        notes: what is to be said about it.
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
    return Events(arrival_s, recorded.get("service_s"), recorded.get("deadline_s"), span_s, share, notes)


def _span_s(arrival_s: FloatArray, share: float) -> float:
    last, tasks = float(arrival_s[-1]), len(arrival_s) / share
    gap = (last - float(arrival_s[0])) / (tasks - 1) if tasks > 1 else 0.0
    return max(last + gap, np.nextafter(last, np.inf)) if last + gap > 0 else 1.0
