"""The farm of ``simulator.reference.farm``, compiled: many farms in flat arrays, each advanced event by event.

Between two decisions a farm is driven by four kinds of events, taken in the order of time and, at the same
instant, of ``simulator.reference.calendar.Rank``: a worker finishes, a worker becomes ready, a task arrives, a woken
worker looks at the queue. Collection needs no event: results are collected in the order of finishing, each at
``max(finished, collector free) + collect_s`` (Lindley's recursion).

Most of the time not even that is needed (``simulator.compiled.calm``). Three observations make the rest fast. Tasks
start in the order of arrival, so the queue is two indices. While no worker is idle an arrival changes nothing, so
arrivals are not events at all then: a task is waiting at ``t`` if it arrived before ``t``. And idle workers are
alike, so they are a number.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray
from simulator.compiled.agenda import (
    LENGTH,
    ONE,
    ROOM,
    TOP,
    ZERO,
    Index,
    TagArray,
    drop_latest,
    fetch,
    insert,
    mark_first,
    push,
)
from simulator.compiled.borrowing import borrowed
from simulator.compiled.calm import start_tasks
from simulator.compiled.compiling import compiled, inlined
from simulator.compiled.lanes import LANES

#: An entry of ``Farms.state``.
FarmState: TypeAlias = Any

#: One farm's state, but for what depends on the number of tasks and workers. Assigning one entry to another copies it.
FARM = np.dtype(
    [
        ("tasks", np.uint64),  # how many there are
        ("next", np.uint64),  # the first that was not started
        ("wake", np.uint64),  # the next whose arrival can wake an idle worker; stale while nobody is idle
        ("enqueued", np.uint64),  # arrived before now_s
        ("finished", np.uint64),
        ("collected", np.uint64),  # collected before now_s
        ("idle", np.uint64),  # workers by what they do
        ("busy", np.uint64),
        ("draining", np.uint64),
        ("starting", np.uint64),
        ("started", np.uint64),  # workers started since reset
        ("busy_low", np.uint64),  # the agenda of finishing times (simulator.compiled.agenda)
        ("busy_high", np.uint64),
        ("busy_far", np.int64),
        ("look_low", np.uint64),  # the agenda of woken workers' looks at the queue
        ("look_high", np.uint64),
        ("look_far", np.int64),
        ("now_s", np.float64),
        ("free_s", np.float64),  # when the collector is
        ("looked_s", np.float64),  # when a woken worker last looked at the queue
        ("busy_s", np.float64, (LENGTH + LANES,)),
        ("look_s", np.float64, (LENGTH + LANES,)),
        ("busy_task", np.int64, (LENGTH + LANES,)),  # ~task where the worker leaves afterwards
        ("look_tag", np.int64, (LENGTH + LANES,)),
    ],
    align=True,
)
#: Rows of ``Farms.far_s`` and ``far_tag``: the heaps of the two agendas.
FINISHES, LOOKS = 0, 1


class Farms(NamedTuple):
    """f farms with up to n tasks and c workers each; row i of every array is farm i.

    Attributes:
        state: FARM[f].
        arrival_s: float64[f, n + 2], sorted, infinite from the farm's own number of tasks on.
        work_s: float64[f, n], seconds a worker is busy with each task.
        pickup_s: float64[f, n], seconds until an idle worker notices each task.
        startup_s: float64[f, k], start-up delays in the order of starting.
        started_s: float64[f, n], or [f, 0] when nobody asks: when each task was started.
        finished: int32[f, n], tasks in the order of finishing.
        collected_s: float64[f, n], when the collector is done with each of ``finished``.
        starting_s: float64[f, c], when starting workers will be ready, in the order of starting.
        far_s, far_tag: float64 and int32[f, 2, c], what the agendas do not keep sorted.
    """

    state: Any
    arrival_s: FloatArray
    work_s: FloatArray
    pickup_s: FloatArray
    startup_s: FloatArray
    started_s: FloatArray
    finished: TagArray
    collected_s: FloatArray
    starting_s: FloatArray
    far_s: FloatArray
    far_tag: TagArray


def allocate(farms: int, tasks: int, workers: int, startups: int, *, record: bool) -> Farms:
    """Return room for farms with up to so many tasks, workers at once (leaving ones too) and starts."""
    crowd = max(workers, 1)
    return Farms(
        state=np.zeros(farms, dtype=FARM),
        arrival_s=np.full((farms, tasks + 2), np.inf),
        work_s=np.zeros((farms, tasks)),
        pickup_s=np.zeros((farms, tasks)),
        startup_s=np.zeros((farms, startups)),
        started_s=np.full((farms, tasks if record else 0), np.nan),
        finished=np.zeros((farms, tasks), dtype=np.int32),
        collected_s=np.zeros((farms, tasks)),
        starting_s=np.zeros((farms, crowd)),
        far_s=np.zeros((farms, 2, crowd)),
        far_tag=np.zeros((farms, 2, crowd), dtype=np.int32),
    )


@inlined
def source(farms: Farms, row: Index) -> Any:
    """Return the row in which the tasks of farm ``row`` stand: its own; elsewhere farms share them."""
    return row


@inlined
def slot(farms: Farms, place: Index) -> Any:
    """Return where the result number ``place`` stands: all are kept here; elsewhere the last ones only."""
    return place


@inlined
def restart(farms: Farms, row: Index, tasks: int, workers: int) -> None:
    """Bring farm ``row`` to time 0 with idle workers; its tasks and delays are in place."""
    farm = farms.state[row]
    farm.tasks, farm.idle = tasks, workers
    farm.next = farm.wake = farm.enqueued = farm.finished = farm.collected = 0
    farm.busy = farm.draining = farm.starting = farm.started = 0
    farm.busy_low = farm.busy_high = farm.look_low = farm.look_high = TOP
    farm.busy_far = farm.look_far = 0
    farm.now_s = 0.0
    farm.free_s = farm.looked_s = -np.inf
    farm.busy_s[TOP - ONE] = farm.look_s[TOP - ONE] = np.inf
    farm.busy_s[TOP:] = farm.look_s[TOP:] = -np.inf
    farms.arrival_s[row, tasks:] = np.inf
    farms.started_s[row, :] = np.nan


@inlined
def ready(farm: FarmState) -> Any:
    """Return the number of workers able to take tasks: idle, woken or busy."""
    return farm.idle + farm.look_high - farm.look_low + np.uint64(farm.look_far) + farm.busy


@inlined
def scale(farms: Farms, row: Index, change: int) -> None:
    """Start or remove workers, in the order of ``Backend.scale_to``."""
    farm = farms.state[row]
    for _ in range(change):
        farms.starting_s[row, farm.starting] = farm.now_s + farms.startup_s[source(farms, row), farm.started]
        farm.started += ONE
        farm.starting += ONE
    for _ in range(-change):
        remove_one(farms, row)


@compiled
def remove_one(farms: Farms, row: Index) -> None:
    """Remove a worker: the newest that is starting, else an idle one, a woken one, or the one free first."""
    farm = farms.state[row]
    if farm.starting > ZERO:
        farm.starting -= ONE
    elif farm.idle > ZERO:
        farm.idle -= ONE
    elif farm.look_high > farm.look_low:
        heap = farms.far_s[row, LOOKS], farms.far_tag[row, LOOKS]
        farm.look_low, farm.look_far = drop_latest(farm.look_s, heap, farm.look_low, farm.look_far)
    else:
        heap = farms.far_s[row, FINISHES], farms.far_tag[row, FINISHES]
        mark_first(farm.busy_task, heap, farm.busy_low, farm.busy_high, farm.busy_far)
        farm.busy -= ONE
        farm.draining += ONE


@inlined
def next_ready(farms: Farms, row: Index, starting: Index) -> int:
    """Return which starting worker is ready first, or -1."""
    first = -1
    for place in range(starting):
        if first < 0 or farms.starting_s[row, place] < farms.starting_s[row, first]:
            first = place
    return first


@inlined
def forget_starting(farms: Farms, row: Index, place: int) -> None:
    """Take a starting worker out of the list."""
    farm = farms.state[row]
    farm.starting -= ONE
    for other in range(np.uint64(place), farm.starting):
        farms.starting_s[row, other] = farms.starting_s[row, other + ONE]


@inlined
def advance(farms: Farms, row: Index, until_s: float, collect_s: float) -> None:  # noqa: C901 - see below
    """Let everything happen that happens before ``until_s``.

    One loop over four kinds of events in one function, with the agendas' ``insert`` written out: its variables
    live in registers, which makes it three times as fast as calls that hand them over.
    """
    farm = farms.state[row]
    row = np.uint64(row)
    busy_s, busy_task, look_s, look_tag = farm.busy_s, farm.busy_task, farm.look_s, farm.look_tag
    low, high, far = farm.busy_low, farm.busy_high, farm.busy_far
    look_low, look_high, look_far = farm.look_low, farm.look_high, farm.look_far
    task, wake, done, idle = farm.next, farm.wake, farm.finished, farm.idle
    free_s, looked_s, draining = farm.free_s, farm.looked_s, farm.draining
    record = farms.started_s.shape[1] > 0
    heaps = farms.far_s, farms.far_tag
    while True:
        first = next_ready(farms, row, np.int64(farm.starting))
        limit_s = finish_limit_s = until_s
        if first >= 0 and farms.starting_s[row, first] < until_s:
            limit_s = farms.starting_s[row, first]
            finish_limit_s = np.nextafter(limit_s, np.inf)  # who finishes at that instant comes first
        while True:
            calm = look_low == look_high and draining == ZERO and far == 0
            if calm and busy_s[high - ONE] > looked_s:
                first_done, agenda = high, (busy_s, busy_task, low, high)
                low, high, task, idle, looked_s = start_tasks(farms, row, limit_s, agenda, task, idle, looked_s)
                wake = task
                for place in range(first_done - high):
                    finish_s, who = busy_s[first_done - ONE - place], busy_task[first_done - ONE - place]
                    free_s = (finish_s if finish_s > free_s else free_s) + collect_s
                    farms.finished[row, done] = who
                    farms.collected_s[row, done] = free_s
                    done += ONE
            finish_s, seen_s = busy_s[high - ONE], look_s[look_high - ONE]
            arrives_s = farms.arrival_s[row, wake] if idle > ZERO else np.inf
            if finish_s <= arrives_s and finish_s <= seen_s:  # a worker finishes
                if finish_s >= finish_limit_s:
                    break
                high -= ONE
                who = busy_task[high]
                if low == high and far > 0:
                    heap = farms.far_s[row, FINISHES], farms.far_tag[row, FINISHES]
                    low, high, far = fetch(busy_s, busy_task, heap, far)
                free_s = (finish_s if finish_s > free_s else free_s) + collect_s
                farms.finished[row, done] = who if who >= 0 else ~who
                farms.collected_s[row, done] = free_s
                done += ONE
                if who < 0:
                    draining -= ONE
                    continue
                now_s = finish_s
                # A tie after a task of no length: arrivals at this very instant came before the last look.
                waiting = farms.arrival_s[row, task] < now_s or farms.arrival_s[row, task] <= looked_s
            elif arrives_s <= seen_s:  # a task arrives
                if arrives_s >= limit_s:
                    break
                looks_s = arrives_s + farms.pickup_s[row, wake]
                wake += ONE
                idle -= ONE
                if look_far == 0 and look_low > ONE and look_high - look_low < ROOM:
                    look_low = insert(look_s, look_tag, look_low, looks_s, np.int64(0))
                else:
                    look_low, look_high, look_far = push(
                        look_s, look_tag, heaps, row, LOOKS, look_low, look_high, look_far, looks_s, np.int64(0)
                    )
                continue
            else:  # a woken worker looks at the queue
                if seen_s >= limit_s:
                    break
                look_high -= ONE
                if look_low == look_high and look_far > 0:
                    heap = farms.far_s[row, LOOKS], farms.far_tag[row, LOOKS]
                    look_low, look_high, look_far = fetch(look_s, look_tag, heap, look_far)
                now_s = looked_s = seen_s
                waiting = farms.arrival_s[row, task] <= now_s
            if waiting:
                if record:
                    farms.started_s[row, task] = now_s
                free_at_s = now_s + farms.work_s[row, task]
                if far == 0 and low > ONE and high - low < ROOM:
                    low = insert(busy_s, busy_task, low, free_at_s, np.int64(task))
                else:
                    low, high, far = push(
                        busy_s, busy_task, heaps, row, FINISHES, low, high, far, free_at_s, np.int64(task)
                    )
                task += ONE
            else:
                if idle == ZERO:
                    wake = task
                idle += ONE
        if limit_s == until_s:
            break
        forget_starting(farms, row, first)  # a worker is ready
        if farms.arrival_s[row, task] < limit_s:
            if record:
                farms.started_s[row, task] = limit_s
            free_at_s = limit_s + farms.work_s[row, task]
            low, high, far = push(busy_s, busy_task, heaps, row, FINISHES, low, high, far, free_at_s, np.int64(task))
            task += ONE
        else:
            if idle == ZERO:
                wake = task
            idle += ONE
    farm.busy_low, farm.busy_high, farm.busy_far = low, high, far
    farm.look_low, farm.look_high, farm.look_far = look_low, look_high, look_far
    farm.next, farm.wake, farm.finished, farm.idle = task, wake, done, idle
    farm.now_s, farm.free_s, farm.looked_s, farm.draining = until_s, free_s, looked_s, draining
    farm.busy = high - low + np.uint64(far) - draining
    count_window(farms, row)


@inlined
def count_window(farms: Farms, row: Index) -> None:
    """Count what was enqueued and collected before the farm's time."""
    farm = farms.state[row]
    now_s, enqueued, collected = farm.now_s, max(farm.enqueued, farm.next), farm.collected
    finished, tasks_of = farm.finished, source(farms, row)
    while farms.arrival_s[tasks_of, enqueued] < now_s:
        enqueued += ONE
    if finished > ZERO and farms.collected_s[row, slot(farms, finished - ONE)] < now_s:
        collected = finished  # nearly always
    while collected < finished and farms.collected_s[row, slot(farms, collected)] < now_s:
        collected += ONE
    farm.enqueued, farm.collected = enqueued, collected


@compiled
def play(
    farms: Farms,
    rows: NDArray[np.int64],
    collect_s: float,
    step_s: float,
    changes: NDArray[np.int64],
    workers: int,
) -> None:
    """Play the episodes of the farms ``rows`` from their start: one change of the worker count at each step's start."""
    farms = borrowed(farms)
    for row in rows:
        restart(farms, row, farms.work_s.shape[1], workers)
        for change in changes:
            scale(farms, row, change)
            advance(farms, row, farms.state[row].now_s + step_s, collect_s)


def with_room(farms: Farms, workers: int) -> Farms:
    """Return the farms with room for ``workers`` workers at once; what they do stays as it is."""
    extra = workers - farms.starting_s.shape[1]
    return farms._replace(
        starting_s=np.pad(farms.starting_s, ((0, 0), (0, extra))),
        far_s=np.pad(farms.far_s, ((0, 0), (0, 0), (0, extra))),
        far_tag=np.pad(farms.far_tag, ((0, 0), (0, 0), (0, extra))),
    )
