"""Plain CSV: ``arrival_s[,service_s[,deadline_s]]``, or timestamps; a column ``task`` says what each task is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoscaling_env.errors import nearest
from autoscaling_env.types import FloatArray
from workloads.events import Events
from workloads.recordings import UNIX_TIME
from workloads.traces.clocks import Clock
from workloads.traces.columns import DEADLINE, SERVICE, TIME, numbers
from workloads.traces.options import Options
from workloads.traces.pool import Pool
from workloads.traces.problems import Problems
from workloads.traces.selection import HasProblems, Selection
from workloads.traces.source import Source
from workloads.traces.time_columns import time_column
from workloads.work import NAMELESS

ARRIVAL = "arrival_s"
OPTIONAL = {"service_s": SERVICE, "deadline_s": DEADLINE}
#: What a task may have.
COLUMNS = (ARRIVAL, *OPTIONAL)
#: What a task is; beside it the work may be left empty, as of a task whose queue forgot it.
TASK = "task"


def read_plain(source: Source, selection: Selection, options: Options) -> Events:
    """Read tasks in any order; they are sorted by arrival.

    ``arrival_s`` counts from the start of the episode. A column of times, such as ``timestamp``, (seconds or dates)
    counts from the first of them. Where ``task`` names tasks, ``functions`` chooses among them, and an empty
    ``service_s`` is work that nobody knows.
    """
    named = TASK in source.header
    if not named:
        selection.no_functions(source, "a plain CSV")
    clock, times, names = _clock(source), Clock(options), Names()
    wanted = [name for name in OPTIONAL if name in source.header]
    _check_names(source, {clock, TASK, *wanted})
    pool = Pool()
    for chunk in source.chunks((clock, *wanted, *([TASK] if named else []))):
        kept = chunk[selection.rows(chunk[TASK].fillna(""))] if named else chunk
        if not len(kept):
            continue
        if clock == ARRIVAL and options.unit is None:
            read = numbers(kept, clock, source.problems, TIME)
        else:
            read = times.seconds(kept, clock, source.problems)
        rest = [_values(kept, name, source.problems, empty=named and name == "service_s") for name in wanted]
        pool.add(read, *rest, *([names.codes(kept[TASK])] if named else []))
    source.problems.check()
    selection.check_found(source)
    columns = pool.columns(1 + len(wanted) + named)
    found = dict(zip(wanted, columns[1:], strict=False))
    used = (clock, TASK, *wanted) if named else (clock, *wanted)
    notes = (f"Read {clock} as {times.shown}.",) if times.shown else ()
    return events(
        source,
        selection,
        columns[0],
        found,
        pool.share,
        0.0 if clock == ARRIVAL else None,
        (*notes, *source.unused(*used)),
        Tasks(columns[-1].astype(np.int64), names.known) if named else None,
    )


def _values(chunk: pd.DataFrame, column: str, problems: Problems, *, empty: bool) -> FloatArray:
    """Return a column of numbers, NaN where it is empty and may be."""
    if not empty:
        return numbers(chunk, column, problems, OPTIONAL[column])
    values = np.full(len(chunk), np.nan)
    given = chunk[column].notna().to_numpy()
    values[given] = numbers(chunk[given], column, problems, OPTIONAL[column])
    return values


class Names:
    """Names of tasks, numbered as they come."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}

    @property
    def known(self) -> tuple[str, ...]:
        """All names so far."""
        return tuple(self._place)

    def codes(self, cells: pd.Series) -> FloatArray:
        """Return float64[n], the place of each name; an empty one is called so."""
        codes, names = pd.factorize(cells.fillna(NAMELESS).astype(str))
        places = [self._place.setdefault(str(name), len(self._place)) for name in names]
        return np.array(places, dtype=np.float64)[codes] if len(codes) else np.empty(0)


@dataclass(frozen=True, slots=True)
class Tasks:
    """What each task is.

    Attributes:
        code: int64[n], the place of its name.
        names: every name once.
    """

    code: NDArray[np.int64]
    names: tuple[str, ...]


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


def events(
    source: HasProblems,
    selection: Selection,
    arrival_s: FloatArray,
    columns: dict[str, FloatArray],
    share: float,
    origin_s: float | None = None,
    notes: tuple[str, ...] = (),
    tasks: Tasks | None = None,
) -> Events:
    """Sort tasks, cut out the selected range and count time from its start.

    Without an end the recording lasts one mean gap longer than its last arrival.

    Args:
        source: for messages.
        selection: the range.
        arrival_s: float64[n], any clock, any order.
        columns: ``service_s`` and ``deadline_s`` where recorded, float64[n] each; NaN: nobody knows.
        share: part of the recorded tasks that is held.
        origin_s: when the recording starts; with the first arrival if left out.
        notes: what is to be said about it.
        tasks: what each task is; None: it does not say.
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
    service_s, said = _known(recorded.get("service_s"))
    return Events(
        arrival_s,
        service_s,
        recorded.get("deadline_s"),
        selection.length_s or _span_s(arrival_s, share),
        share,
        (*notes, *said),
        None if tasks is None else tasks.code[order],
        () if tasks is None else tasks.names,
        origin_s + selection.start_s if origin_s >= UNIX_TIME else None,
    )


def _known(service_s: FloatArray | None) -> tuple[FloatArray | None, tuple[str, ...]]:
    """Return the work, None where nobody knows any; and a sentence where some is not known."""
    unknown = 0 if service_s is None else int(np.isnan(service_s).sum())
    if service_s is None or not unknown:
        return service_s, ()
    if unknown == len(service_s):
        return None, ("The work of no task is recorded.",)
    of = f"{unknown:,} of {len(service_s):,} tasks"
    return service_s, (f"The work of {of} is not recorded: drawn from others, of the same name where there are some.",)


def _span_s(arrival_s: FloatArray, share: float) -> float:
    last, tasks = float(arrival_s[-1]), len(arrival_s) / share
    gap = (last - float(arrival_s[0])) / (tasks - 1) if tasks > 1 else 0.0
    return max(last + gap, np.nextafter(last, np.inf)) if last + gap > 0 else 1.0
