"""The farm of ``simulator.compiled.kernel``, event by event, for a thread that has a farm to itself.

It stands in that module's place for ``simulator.compiled.environment``. The rules are the same to the letter: events
in the order of time and, at the same instant, of ``simulator.reference.calendar.Rank``: a worker finishes, one becomes
ready, a task arrives, a woken worker looks. What is otherwise: instants stand in rings, sorted, since a thread has no
vector registers to insert with, and branches cost what the other threads of its warp do meanwhile.

Plain Python: ``simulator.cuda.targets`` makes code of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.compiled import kernel
from simulator.compiled.agenda import ONE, ZERO, Index
from simulator.cuda.arrays import CROWDED, Farms

#: Of the compiled farm as it is; there, farms are of its own type.
_next_ready: Any = kernel.next_ready
_forget_starting: Any = kernel.forget_starting
_count_window: Any = kernel.count_window
_scale: Any = kernel.scale


def source(farms: Farms, row: Index) -> Any:
    """Return where the farm's tasks stand."""
    return farms.level[row]


def slot(farms: Farms, place: Index) -> Any:
    """Return where the result number ``place`` stands."""
    return np.uint64(place) & np.uint64(farms.collected_s.shape[1] - 1)


def restart(farms: Farms, row: Index, tasks: int, workers: int) -> None:
    """Bring farm ``row`` to time 0 with idle workers; its tasks and delays are in place."""
    farm = farms.state[row]
    farm.tasks, farm.idle = np.uint64(tasks), np.uint64(workers)
    farm.next = farm.wake = farm.enqueued = farm.finished = farm.collected = ZERO
    farm.busy = farm.draining = farm.starting = farm.started = farm.woken = ZERO
    farm.busy_head = farm.look_head = ZERO  # `problem` stays: what went wrong in an earlier episode is not forgotten
    farm.now_s = 0.0
    farm.free_s = farm.looked_s = -np.inf
    for task in range(farms.started_s.shape[1]):
        farms.started_s[row, task] = np.nan


def ready(farm: Any) -> Any:
    """Return the number of workers able to take tasks: idle, woken or busy."""
    return farm.idle + farm.woken + farm.busy


def scale(farms: Farms, row: Index, change: Any) -> None:
    """Start or remove workers, in the order of ``Backend.scale_to``."""
    _scale(farms, row, change)


def remove_one(farms: Farms, row: Index) -> None:
    """Remove a worker: the newest that is starting, else an idle one, a woken one, or the one free first."""
    farm = farms.state[row]
    if farm.starting > ZERO:
        farm.starting -= ONE
    elif farm.idle > ZERO:
        farm.idle -= ONE
    elif farm.woken > ZERO:
        farm.woken -= ONE  # the one that looks last
    else:
        mark_first(farms, row, farm.busy_head)
        farm.busy -= ONE
        farm.draining += ONE


def mark_first(farms: Farms, row: Index, head: Index) -> None:
    """Mark the first to finish of those that do not leave yet; there is one."""
    mask = np.uint64(farms.busy_s.shape[1] - 1)
    place = head
    while farms.busy_task[row, place & mask] < 0:
        place += ONE
    farms.busy_task[row, place & mask] = ~farms.busy_task[row, place & mask]


def insert_busy(farms: Farms, row: Index, head: Index, held: Index, time_s: Any, task: Any) -> bool:
    """Put a finishing time in its place, behind equal ones; return whether there was room."""
    mask = np.uint64(farms.busy_s.shape[1] - 1)
    if held > mask:
        farms.state[row].problem = CROWDED
        return False
    place = head + held
    while place > head and farms.busy_s[row, (place - ONE) & mask] > time_s:
        farms.busy_s[row, place & mask] = farms.busy_s[row, (place - ONE) & mask]
        farms.busy_task[row, place & mask] = farms.busy_task[row, (place - ONE) & mask]
        place -= ONE
    farms.busy_s[row, place & mask] = time_s
    farms.busy_task[row, place & mask] = task
    return True


def insert_look(farms: Farms, row: Index, head: Index, woken: Index, time_s: Any) -> None:
    """Put a look at the queue in its place; there are no more than workers."""
    mask = np.uint64(farms.look_s.shape[1] - 1)
    place = head + woken
    while place > head and farms.look_s[row, (place - ONE) & mask] > time_s:
        farms.look_s[row, place & mask] = farms.look_s[row, (place - ONE) & mask]
        place -= ONE
    farms.look_s[row, place & mask] = time_s


def advance(farms: Farms, row: Index, until_s: Any, collect_s: Any) -> None:  # noqa: C901 - one loop over four kinds of events, as in the kernel
    """Let everything happen that happens before ``until_s``."""
    farm = farms.state[row]
    tasks_of = source(farms, row)
    mask = np.uint64(farms.busy_s.shape[1] - 1)
    head, held = farm.busy_head, farm.busy + farm.draining
    look_head, woken = farm.look_head, farm.woken
    task, wake, done, idle, draining = farm.next, farm.wake, farm.finished, farm.idle, farm.draining
    free_s, looked_s = farm.free_s, farm.looked_s
    record = farms.started_s.shape[1] > 0
    first = _next_ready(farms, row, np.int64(farm.starting))
    while True:
        ready_s = farms.starting_s[row, first] if first >= 0 else np.inf
        finish_s = farms.busy_s[row, head & mask] if held > ZERO else np.inf
        arrives_s = farms.arrival_s[tasks_of, wake] if idle > ZERO else np.inf
        seen_s = farms.look_s[row, look_head & mask] if woken > ZERO else np.inf
        now_s = min(finish_s, ready_s, arrives_s, seen_s)
        if now_s >= until_s:
            break
        if finish_s == now_s:  # a worker finishes
            who = np.int64(farms.busy_task[row, head & mask])
            head += ONE
            held -= ONE
            free_s = (finish_s if finish_s > free_s else free_s) + collect_s
            place = slot(farms, done)
            farms.finished[row, place] = who if who >= 0 else ~who
            farms.collected_s[row, place] = free_s
            done += ONE
            if who < 0:
                draining -= ONE
                continue
            # A tie after a task of no length: arrivals at this very instant came before the last look.
            waits_s = farms.arrival_s[tasks_of, task]
            waiting = waits_s < now_s or waits_s <= looked_s
        elif ready_s == now_s:  # a worker is ready
            _forget_starting(farms, row, first)
            first = _next_ready(farms, row, np.int64(farm.starting))
            waiting = farms.arrival_s[tasks_of, task] < now_s
        elif arrives_s == now_s:  # a task arrives
            insert_look(farms, row, look_head, woken, arrives_s + farms.pickup_s[tasks_of, wake])
            wake += ONE
            idle -= ONE
            woken += ONE
            continue
        else:  # a woken worker looks at the queue
            look_head += ONE
            woken -= ONE
            looked_s = seen_s
            waiting = farms.arrival_s[tasks_of, task] <= now_s
        if waiting:
            if record:
                farms.started_s[row, task] = now_s
            if insert_busy(farms, row, head, held, now_s + farms.work_s[tasks_of, task], np.int64(task)):
                held += ONE
            task += ONE
        else:
            if idle == ZERO:
                wake = task
            idle += ONE
    farm.busy_head, farm.look_head, farm.woken = head, look_head, woken
    farm.next, farm.wake, farm.finished, farm.idle = task, wake, done, idle
    farm.now_s, farm.free_s, farm.looked_s, farm.draining = until_s, free_s, looked_s, draining
    farm.busy = held - draining
    _count_window(farms, row)
