"""Farms on a device: as ``simulator.compiled.kernel.Farms``, with tasks that many farms may share, and rings.

A farm is small here: what is in flight and what is still looked at. Its tasks stand in a row of a pool of levels.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

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


def farm_type(real: type = np.float64) -> np.dtype[Any]:
    """Return one farm's state; words in front, so that it is read and written in whole sectors."""
    reals = [(name, real) for name in ("now_s", "free_s", "looked_s")]
    return np.dtype([*((name, np.uint64) for name in _COUNTS), *reals], align=True)


def power_of_two(least: int) -> int:
    """Return the smallest power of two that is no less, and at least 2."""
    return 1 << max(least - 1, 1).bit_length()


def allocate(
    farms: int, levels: int, tasks: int, workers: int, startups: int, ring: int, *, record: bool, real: type = np.float64
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
        started_s=np.full((farms, tasks if record else 0), np.nan, dtype=real),
        finished=np.zeros((farms, kept), dtype=np.int32),
        collected_s=np.zeros((farms, kept), dtype=real),
        starting_s=np.zeros((farms, crowd), dtype=real),
        busy_s=np.zeros((farms, crowd), dtype=real),
        busy_task=np.zeros((farms, crowd), dtype=np.int32),
        look_s=np.zeros((farms, crowd), dtype=real),
    )


def copied(arrays: Any, put: Any) -> Any:
    """Return a (nested) named tuple with its arrays put elsewhere; numbers stay."""
    if isinstance(arrays, tuple):
        return type(arrays)(*(copied(each, put) for each in arrays))
    return put(arrays) if isinstance(arrays, np.ndarray) else arrays


def fetched(array: NDArray[Any], names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Return the fields of records by their names."""
    return {name: array[name].copy() for name in names}
