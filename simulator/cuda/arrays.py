"""Farms on a device: as ``simulator.compiled.kernel.Farms``, with tasks that many farms may share, and rings.

A farm is small here: what is in flight and what is still looked at. Its tasks stand in a row of a pool of levels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

#: An array of real numbers, float64 or float32, on a device.
Reals: TypeAlias = Any
_COUNTS = (
    "tasks",  # how many there are
    "next",  # the first that was not started
    "wake",  # the next whose arrival can wake an idle worker; stale while nobody is idle
    "enqueued",  # arrived before now_s
    "finished",
    "collected",  # collected before now_s
    "idle",  # workers by what they do
    "busy",
    "draining",
    "starting",
    "started",  # workers started since restart
    "woken",
    "busy_head",  # where the ring of finishing times begins
    "look_head",  # where the ring of woken workers' looks begins
    "problem",  # see below
)
#: What ``problem`` says: more workers at once, or more results to remember, than there is room for; no such action.
FINE, CROWDED, FORGOTTEN, NO_ACTION = 0, 1, 2, 3


class Farms(NamedTuple):
    """f farms of up to w workers at once, and l levels of up to n tasks; w and h are powers of two.

    Attributes:
        state: ``farm_type``[f].
        level: int64[f], which row of the levels a farm plays.
        tasks: int64[l], how many a level has.
        arrival_s: real[l, n + 2], sorted, infinite from the level's own number of tasks on.
        work_s: real[l, n], seconds a worker is busy with each task.
        pickup_s: real[l, n], seconds until an idle worker notices each task.
        startup_s: real[l, k], start-up delays in the order of starting.
        started_s: real[f, n], or [f, 0] when nobody asks: when each task was started.
        finished: int32[f, h], the last tasks that finished: the i-th stands at ``i % h``.
        collected_s: real[f, h], when the collector is done with each of them.
        starting_s: real[f, w], when starting workers will be ready, in the order of starting.
        busy_s, busy_task: real and int32[f, w], rings of what busy workers finish and when, sorted by time, then task;
            ``~task`` where the worker leaves afterwards.
        look_s: real[f, w], a ring of when woken workers look at the queue, sorted.
    """

    state: Any
    level: Any
    tasks: Any
    arrival_s: Reals
    work_s: Reals
    pickup_s: Reals
    startup_s: Reals
    started_s: Reals
    finished: Any
    collected_s: Reals
    starting_s: Reals
    busy_s: Reals
    busy_task: Any
    look_s: Reals


@dataclass(frozen=True, slots=True)
class Room:
    """An array that a device is to have, with nothing in it: what is written before it is read is not carried there."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def astype(self, kind: Any) -> Room:
        """Return the room for as many of another kind."""
        return Room(self.shape, np.dtype(kind))


def room(kind: Any, *shape: int) -> Room:
    """Return room for so many."""
    return Room(shape, np.dtype(kind))


def farm_type(real: type = np.float64) -> np.dtype[Any]:
    """Return one farm's state; words in front, so that it is read and written in whole sectors."""
    reals = [(name, real) for name in ("now_s", "free_s", "looked_s")]
    return np.dtype([*((name, np.uint64) for name in _COUNTS), *reals], align=True)


def power_of_two(least: int) -> int:
    """Return the smallest power of two that is no less, and at least 2."""
    return 1 << max(least - 1, 1).bit_length()


def allocate(
    farms: int,
    levels: int,
    tasks: int,
    workers: int,
    startups: int,
    ring: int,
    *,
    record: bool,
    real: type = np.float64,
) -> Farms:
    """Return room on this machine: for so many workers at once, leaving ones too, and so many results remembered."""
    crowd, kept = power_of_two(workers), power_of_two(ring)
    return Farms(
        state=np.zeros(farms, dtype=farm_type(real)),
        level=np.arange(farms, dtype=np.int64) % max(levels, 1),
        tasks=np.zeros(levels, dtype=np.int64),
        arrival_s=np.full((levels, tasks + 2), np.inf, dtype=real),
        work_s=np.zeros((levels, tasks), dtype=real),
        pickup_s=np.zeros((levels, tasks), dtype=real),
        startup_s=np.zeros((levels, startups), dtype=real),
        started_s=room(real, farms, tasks if record else 0),
        finished=room(np.int32, farms, kept),
        collected_s=room(real, farms, kept),
        starting_s=room(real, farms, crowd),
        busy_s=room(real, farms, crowd),
        busy_task=room(np.int32, farms, crowd),
        look_s=room(real, farms, crowd),
    )


def copied(arrays: Any, put: Callable[[Any], Any]) -> Any:
    """Return a (nested) named tuple with its arrays, and the room for some, put elsewhere; numbers stay."""
    if isinstance(arrays, tuple):
        return type(arrays)(*(copied(each, put) for each in arrays))
    return put(arrays) if isinstance(arrays, np.ndarray | Room) else arrays


def bytes_of(value: Any) -> int:
    """Return how much memory a (nested) named tuple's arrays take."""
    if isinstance(value, tuple):
        return sum(map(bytes_of, value))
    return math.prod(value.shape) * value.dtype.itemsize if hasattr(value, "shape") else 0
