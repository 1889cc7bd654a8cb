"""The compiled farm while it is calm, which is nearly always: no worker is woken or leaving.

Then a task's start is known when it arrives, so the farm is played task by task instead of event by event, like
the recursion of Kiefer and Wolfowitz (1955), and hardly a branch is left that depends on the random numbers. Playing
it by events costs half as much again, all of it in mispredicted branches.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.compiled.agenda import ONE, ROOM, ZERO, Index, insert
from simulator.compiled.compiling import inlined

TWO, THREE, FOUR, FIVE = np.uint64(2), np.uint64(3), np.uint64(4), np.uint64(5)


@inlined
def start_tasks(
    farms: Any, row: Index, limit_s: float, agenda: Any, task: Index, idle: Index, looked_s: float
) -> tuple[Index, Index, Index, Index, float]:
    """Start tasks as long as it is calm and before ``limit_s``; return the agenda's low and high, task, idle, looked_s.

    A task that finds an idle worker starts when that worker looks, or when another finishes before that; a task
    that finds none starts when the next worker finishes. This is so unless somebody else arrives before the look, and
    one such arrival makes no difference if it is noticed later still. The rest is left to the loop over events.

    The agenda of finishing times must be all near, and nobody may finish at the instant of the last look.
    """
    busy_s, busy_task, low, high = agenda
    crowd = idle + high - low
    while True:
        arrives_s = farms.arrival_s[row, task]
        if arrives_s >= limit_s:
            while busy_s[high - ONE] < limit_s:
                high -= ONE
            break
        if low <= ONE or high - low >= ROOM:
            break
        high = finish(busy_s, high, arrives_s)
        finish_s, free = busy_s[high - ONE], high - low < crowd
        looks_s = choose(free, arrives_s + farms.pickup_s[row, task], np.inf)
        if choose(free, looks_s, finish_s) >= limit_s:
            break
        next_s = farms.arrival_s[row, task + ONE]
        if free and next_s <= looks_s:
            in_turn = next_s + farms.pickup_s[row, task + ONE] >= looks_s
            alone = (next_s < looks_s) & (farms.arrival_s[row, task + TWO] > looks_s)
            if not (alone & in_turn & (looks_s < finish_s)):
                break
        now_s = looks_s if looks_s < finish_s else finish_s
        looked_s = choose(free, looks_s, looked_s)
        high -= np.uint64(finish_s <= looks_s)
        if farms.started_s.shape[1] > 0:
            farms.started_s[row, task] = now_s
        low = insert(busy_s, busy_task, low, now_s + farms.work_s[row, task], np.int64(task))
        task += ONE
    return low, high, task, crowd - (high - low), looked_s


@inlined
def finish(busy_s: Any, high: Index, until_s: float) -> Index:
    """Let finish whoever finishes up to ``until_s``; return the new ``high``. Five at a time, without branches."""
    while True:
        one = np.uint64(busy_s[high - ONE] <= until_s)
        two = np.uint64(busy_s[high - TWO] <= until_s) & one
        three = np.uint64(busy_s[high - THREE] <= until_s) & two
        four = np.uint64(busy_s[high - FOUR] <= until_s) & three
        five = np.uint64(busy_s[high - FIVE] <= until_s) & four
        high -= one + two + three + four + five
        if five == ZERO:
            return high


@inlined
def choose(condition: Any, one: Any, other: Any) -> Any:
    """Return one or the other without a branch: processors choose between whole numbers, not between floats."""
    bits = np.float64(one).view(np.int64) if condition else np.float64(other).view(np.int64)
    return np.int64(bits).view(np.float64)
