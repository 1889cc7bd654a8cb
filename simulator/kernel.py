"""The farm of ``simulator.farm``, compiled: many farms in flat arrays, each advanced event by event.

Between two decisions a farm is driven by four kinds of events, taken in the order of time and, at the same
instant, of ``simulator.calendar.Rank``: a worker finishes, a worker becomes ready, a task arrives, a woken
worker looks at the queue. Collection needs no event: results are collected in the order of finishing, each at
``max(finished, collector free) + collect_s`` (Lindley's recursion).

Three observations make it fast. Tasks start in the order of arrival, so the queue is two indices. While no
worker is idle an arrival changes nothing, so arrivals are not events at all then: a task is waiting at ``t``
if it arrived before ``t``. And idle workers are alike, so they are a number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray
from simulator.kernel_agenda import (
    LENGTH,
    TagArray,
    compiled,
    drop_latest,
    fetch,
    mark_first,
    push,
)

#: Columns of ``Farms.count``.
TASKS, NEXT, WAKE, ENQUEUED, FINISHED, COLLECTED, IDLE, BUSY, DRAINING, STARTING, STARTED = range(11)
BUSY_HEAD, BUSY_TAIL, BUSY_FAR, LOOK_HEAD, LOOK_TAIL, LOOK_FAR, COUNTS = range(11, 18)
#: Columns of ``Farms.clock_s``.
NOW, COLLECTOR_FREE, LOOKED, CLOCKS = range(4)


class Farms(NamedTuple):
    """The state of f farms with up to n tasks and c workers each; row i of every array is farm i.

    Attributes:
        arrival_s: float64[f, n + 1], sorted, infinite from the farm's own number of tasks on.
        work_s: float64[f, n], seconds a worker is busy with each task.
        pickup_s: float64[f, n], seconds until an idle worker notices each task.
        startup_s: float64[f, k], start-up delays in the order of starting.
        started_s: float64[f, n], or [f, 0] when nobody asks: when each task was started.
        finished: int32[f, n], tasks in the order of finishing.
        collected_s: float64[f, n], when the collector will be done with each of ``finished``.
        starting_s: float64[f, c], when starting workers will be ready, in the order of starting.
        busy_s, busy_task, far_s, far_task: the agenda of finishing times (``simulator.kernel_agenda``);
            ``~task`` where the worker leaves afterwards.
        look_s, look_tag, look_far_s, look_far_tag: the agenda of woken workers' looks at the queue.
        clock_s: float64[f, CLOCKS], the time, when the collector is free, the last look at the queue.
        count: int64[f, COUNTS], see the names above.
    """

    arrival_s: FloatArray
    work_s: FloatArray
    pickup_s: FloatArray
    startup_s: FloatArray
    started_s: FloatArray
    finished: TagArray
    collected_s: FloatArray
    starting_s: FloatArray
    busy_s: FloatArray
    busy_task: TagArray
    far_s: FloatArray
    far_task: TagArray
    look_s: FloatArray
    look_tag: TagArray
    look_far_s: FloatArray
    look_far_tag: TagArray
    clock_s: FloatArray
    count: NDArray[np.int64]


def allocate(farms: int, tasks: int, workers: int, startups: int, *, record: bool) -> Farms:
    """Return room for farms with up to so many tasks, workers at once (leaving ones too) and starts."""
    near = (farms, LENGTH + 1)
    crowd = (farms, max(workers, 1))
    return Farms(
        arrival_s=np.full((farms, tasks + 1), np.inf),
        work_s=np.zeros((farms, tasks)),
        pickup_s=np.zeros((farms, tasks)),
        startup_s=np.zeros((farms, startups)),
        started_s=np.full((farms, tasks if record else 0), np.nan),
        finished=np.zeros((farms, tasks), dtype=np.int32),
        collected_s=np.zeros((farms, tasks)),
        starting_s=np.zeros(crowd),
        busy_s=np.full(near, np.inf),
        busy_task=np.zeros(near, dtype=np.int32),
        far_s=np.zeros(crowd),
        far_task=np.zeros(crowd, dtype=np.int32),
        look_s=np.full(near, np.inf),
        look_tag=np.zeros(near, dtype=np.int32),
        look_far_s=np.zeros(crowd),
        look_far_tag=np.zeros(crowd, dtype=np.int32),
        clock_s=np.zeros((farms, CLOCKS)),
        count=np.zeros((farms, COUNTS), dtype=np.int64),
    )


@compiled
def restart(farms: Farms, row: int, tasks: int, workers: int) -> None:
    """Bring farm ``row`` to time 0 with idle workers; its tasks and delays are in place."""
    farms.count[row, :] = 0
    farms.count[row, TASKS] = tasks
    farms.count[row, IDLE] = workers
    farms.clock_s[row, NOW] = 0.0
    farms.clock_s[row, COLLECTOR_FREE] = -np.inf
    farms.clock_s[row, LOOKED] = -np.inf
    farms.busy_s[row, 0] = np.inf
    farms.look_s[row, 0] = np.inf
    farms.arrival_s[row, tasks:] = np.inf
    farms.started_s[row, :] = np.nan


@compiled
def woken(farms: Farms, row: int) -> int:
    """Return how many workers are about to look at the queue."""
    count = farms.count[row]
    return count[LOOK_TAIL] - count[LOOK_HEAD] + count[LOOK_FAR]


@compiled
def requested(farms: Farms, row: int) -> int:
    """Return the number of workers that are paid for: idle, woken, busy and starting."""
    count = farms.count[row]
    return count[IDLE] + woken(farms, row) + count[BUSY] + count[STARTING]


@compiled
def scale(farms: Farms, row: int, change: int) -> None:
    """Start or remove workers, in the order of ``Backend.scale_to``."""
    count = farms.count[row]
    for _ in range(change):
        delay_s = farms.startup_s[row, count[STARTED]]
        farms.starting_s[row, count[STARTING]] = farms.clock_s[row, NOW] + delay_s
        count[STARTED] += 1
        count[STARTING] += 1
    for _ in range(-change):
        if count[STARTING] > 0:
            count[STARTING] -= 1
        elif count[IDLE] > 0:
            count[IDLE] -= 1
        elif woken(farms, row) > 0:
            count[LOOK_TAIL], count[LOOK_FAR] = drop_latest(
                farms.look_s[row],
                farms.look_far_s[row],
                farms.look_far_tag[row],
                count[LOOK_TAIL],
                count[LOOK_FAR],
            )
        else:
            mark_first(
                farms.busy_s[row],
                farms.busy_task[row],
                farms.far_s[row],
                farms.far_task[row],
                count[BUSY_HEAD],
                count[BUSY_TAIL],
                count[BUSY_FAR],
            )
            count[BUSY] -= 1
            count[DRAINING] += 1


@compiled
def next_ready(starting_s: FloatArray, starting: int) -> int:
    """Return which starting worker is ready first, or -1."""
    first = -1
    for place in range(starting):
        if first < 0 or starting_s[place] < starting_s[first]:
            first = place
    return first


@compiled
def advance(farms: Farms, row: int, until_s: float, collect_s: float) -> None:  # noqa: C901 - one loop over four kinds of events, kept in registers
    """Let everything happen that happens before ``until_s``."""
    count, clock_s = farms.count[row], farms.clock_s[row]
    arrival_s, work_s, pickup_s = farms.arrival_s[row], farms.work_s[row], farms.pickup_s[row]
    started_s, finished, collected_s = farms.started_s[row], farms.finished[row], farms.collected_s[row]
    starting_s, starting = farms.starting_s[row], count[STARTING]
    busy_s, busy_task, far_s, far_task = (
        farms.busy_s[row],
        farms.busy_task[row],
        farms.far_s[row],
        farms.far_task[row],
    )
    look_s, look_tag = farms.look_s[row], farms.look_tag[row]
    look_far_s, look_far_tag = farms.look_far_s[row], farms.look_far_tag[row]
    head, tail, far = count[BUSY_HEAD], count[BUSY_TAIL], count[BUSY_FAR]
    look_head, look_tail, look_far = count[LOOK_HEAD], count[LOOK_TAIL], count[LOOK_FAR]
    task, wake, done, idle = count[NEXT], count[WAKE], count[FINISHED], count[IDLE]
    draining, free_s, looked_s = count[DRAINING], clock_s[COLLECTOR_FREE], clock_s[LOOKED]
    record = len(started_s) > 0
    while True:
        ready = next_ready(starting_s, starting)
        limit_s = finish_limit_s = until_s
        if ready >= 0 and starting_s[ready] < until_s:
            limit_s = starting_s[ready]
            finish_limit_s = np.nextafter(limit_s, np.inf)  # who finishes at that instant comes first
        while True:
            finish_s, seen_s = busy_s[head], look_s[look_head]
            arrives_s = arrival_s[wake] if idle > 0 else np.inf
            if finish_s <= arrives_s and finish_s <= seen_s:
                if finish_s >= finish_limit_s:
                    break
                who = busy_task[head]
                head += 1
                if head == tail and far > 0:
                    head, tail, far = fetch(busy_s, busy_task, far_s, far_task, far)
                free_s = max(finish_s, free_s) + collect_s
                finished[done] = who if who >= 0 else ~who
                collected_s[done] = free_s
                done += 1
                if who < 0:
                    draining -= 1
                    continue
                now_s = finish_s
                waiting = arrival_s[task] < now_s or arrival_s[task] <= looked_s
            elif arrives_s <= seen_s:
                if arrives_s >= limit_s:
                    break
                idle -= 1
                look_head, look_tail, look_far = push(
                    look_s,
                    look_tag,
                    look_far_s,
                    look_far_tag,
                    look_head,
                    look_tail,
                    look_far,
                    arrives_s + pickup_s[wake],
                    0,
                )
                wake += 1
                continue
            else:
                if seen_s >= limit_s:
                    break
                look_head += 1
                if look_head == look_tail and look_far > 0:
                    look_head, look_tail, look_far = fetch(look_s, look_tag, look_far_s, look_far_tag, look_far)
                now_s = looked_s = seen_s
                waiting = arrival_s[task] <= now_s
            if waiting:
                if record:
                    started_s[task] = now_s
                head, tail, far = push(busy_s, busy_task, far_s, far_task, head, tail, far, now_s + work_s[task], task)
                task += 1
            else:
                if idle == 0:
                    wake = task
                idle += 1
        if limit_s == until_s:
            break
        starting -= 1
        for place in range(ready, starting):
            starting_s[place] = starting_s[place + 1]
        if arrival_s[task] < limit_s:
            if record:
                started_s[task] = limit_s
            head, tail, far = push(busy_s, busy_task, far_s, far_task, head, tail, far, limit_s + work_s[task], task)
            task += 1
        else:
            if idle == 0:
                wake = task
            idle += 1
    count[STARTING], count[IDLE], count[DRAINING] = starting, idle, draining
    count[BUSY] = tail - head + far - draining
    count[BUSY_HEAD], count[BUSY_TAIL], count[BUSY_FAR] = head, tail, far
    count[LOOK_HEAD], count[LOOK_TAIL], count[LOOK_FAR] = look_head, look_tail, look_far
    count[NEXT], count[WAKE], count[FINISHED] = task, wake, done
    clock_s[NOW], clock_s[COLLECTOR_FREE], clock_s[LOOKED] = until_s, free_s, looked_s
    count_window(farms, row)


@compiled
def count_window(farms: Farms, row: int) -> None:
    """Count what was enqueued and collected before the farm's time."""
    count, now_s = farms.count[row], farms.clock_s[row, NOW]
    arrival_s, collected_s = farms.arrival_s[row], farms.collected_s[row]
    enqueued, collected = max(count[ENQUEUED], count[NEXT]), count[COLLECTED]
    while arrival_s[enqueued] < now_s:
        enqueued += 1
    while collected < count[FINISHED] and collected_s[collected] < now_s:
        collected += 1
    count[ENQUEUED], count[COLLECTED] = enqueued, collected


def with_room(farms: Farms, workers: int) -> Farms:
    """Return the farms with room for ``workers`` workers at once; what they do stays as it is."""
    grown = {}
    for name in ("starting_s", "far_s", "far_task", "look_far_s", "look_far_tag"):
        old = getattr(farms, name)
        grown[name] = np.zeros((len(old), workers), dtype=old.dtype)
        grown[name][:, : old.shape[1]] = old
    return farms._replace(**grown)
