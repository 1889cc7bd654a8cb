"""Ticks of a journal that follow each other, on an even grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray
from operate.journal.frame import SEEN, Runs
from operate.record import Record

#: So many ticks may be missing between two records; what came in them is shared evenly among their steps.
MOST_MISSING = 3


class Tick(NamedTuple):
    """What is played of a record; NaN: nobody knew."""

    run: int
    at: datetime
    time_s: float
    step_s: float
    stale: bool
    backlog: float
    in_flight: float
    arrived: float
    completed: float
    missed: float
    service_s: float
    oldest_s: float
    requested: int
    ready: int
    policy: str


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Ticks of one controller without a longer gap, on an even grid of n steps.

    Step k lies between the grid's instants k and k + 1. Where a record stands at a step's end, ``known`` is true; where
    none does the counts of the next one are shared evenly, and what was true at an instant is NaN.

    Attributes:
        first: the tick at which it begins: what was there then.
        step_s: seconds of a step.
        known: bool[n].
        arrived: float64[n], tasks that came in each step.
        completed: float64[n], tasks finished in it; NaN: nobody knew.
        missed: float64[n], those of them that were late; NaN likewise.
        service_s: float64[n], mean work of a task, as the controller believed; NaN likewise.
        backlog: float64[n], tasks waiting at its end.
        in_flight: float64[n], tasks in workers' hands at its end.
        requested: int64[n], the count in force.
        ready: float64[n], workers ready at its end.
        policy: who decided in most of it.
    """

    first: Tick
    step_s: float
    known: NDArray[np.bool_]
    arrived: FloatArray
    completed: FloatArray
    missed: FloatArray
    service_s: FloatArray
    backlog: FloatArray
    in_flight: FloatArray
    requested: NDArray[np.int64]
    ready: FloatArray
    policy: str

    def __len__(self) -> int:
        return len(self.known)

    @property
    def duration_s(self) -> float:
        """Seconds from its first tick to its last."""
        return len(self) * self.step_s

    @property
    def ends(self) -> datetime:
        """When its last tick was."""
        return self.first.at + timedelta(seconds=self.duration_s)


def ticks_of(records: Iterable[Record], starts: list[Record]) -> Iterator[Tick]:
    """Yield the ticks; starts are put aside."""
    runs = Runs()
    for record in records:
        run = runs.of(record)
        if record.kind == "start":
            starts.append(record)
        if record.kind == "tick":
            yield _tick(record, run)


def _tick(record: Record, run: int) -> Tick:
    def seen(name: str) -> float:
        value = record.seen.get(name)
        return np.nan if value is None else float(value)

    numbers = {name: seen(name) for name in SEEN}
    return Tick(
        run=run,
        at=datetime.fromisoformat(record.at),
        time_s=record.time_s,
        step_s=record.step_s,
        stale=bool(record.stale) or np.isnan(numbers["backlog"]),
        requested=record.requested,
        ready=record.ready,
        policy=record.policy,
        **numbers,
    )


def stretches_of(ticks: Iterable[Tick]) -> Iterator[Stretch]:
    """Cut the ticks of each run; runs of several controllers may lie between each other."""
    open_runs: dict[int, list[Tick]] = {}
    for tick in ticks:
        if tick.stale or tick.step_s <= 0:
            continue
        row = open_runs.setdefault(tick.run, [])
        if row and not _follows(row[-1], tick):
            yield from _made(row)
            row.clear()
        row.append(tick)
    for row in open_runs.values():
        yield from _made(row)


def _follows(last: Tick, tick: Tick) -> bool:
    same = last.step_s == tick.step_s and not np.isnan(tick.arrived)
    return same and 1 <= _steps(last, tick) <= 1 + MOST_MISSING


def _steps(last: Tick, tick: Tick) -> int:
    return round((tick.time_s - last.time_s) / tick.step_s)


def _made(row: list[Tick]) -> Iterator[Stretch]:
    if len(row) < 2:
        return
    first, ticks = row[0], row[1:]
    steps = np.array([_steps(last, tick) for last, tick in zip(row[:-1], ticks, strict=True)])
    ends = np.cumsum(steps) - 1
    known = np.zeros(ends[-1] + 1, dtype=np.bool_)
    known[ends] = True
    whole = {name: np.array([getattr(tick, name) for tick in ticks]) for name in (*SEEN, "requested", "ready")}

    def shared(name: str) -> FloatArray:
        return np.repeat(whole[name].astype(np.float64) / steps, steps)

    def at_ends(name: str) -> FloatArray:
        return np.where(known, np.repeat(whole[name].astype(np.float64), steps), np.nan)

    yield Stretch(
        first=first,
        step_s=first.step_s,
        known=known,
        **{name: shared(name) for name in ("arrived", "completed", "missed")},
        service_s=np.repeat(whole["service_s"], steps),
        **{name: at_ends(name) for name in ("backlog", "in_flight", "ready")},
        requested=np.repeat(whole["requested"], steps),
        policy=Counter(tick.policy for tick in row).most_common(1)[0][0],
    )
