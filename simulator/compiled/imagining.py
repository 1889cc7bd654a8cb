"""Plans played from a state in the middle of an episode, compiled: one row of arrays a future, whatever the plans."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import BoolArray, FloatArray
from simulator.compiled import kernel
from simulator.compiled.agenda import Index, push
from simulator.compiled.borrowing import borrowed
from simulator.compiled.compiling import compiled, inlined
from simulator.compiled.environment import observe
from simulator.compiled.kernel import FINISHES, Farms
from simulator.compiled.names import FACT
from simulator.compiled.state import Episodes, Rules


class Start(NamedTuple):
    """Where every imagined farm begins (``autoscaling_env.twin.FarmState``).

    Attributes:
        idle, busy, draining, starting: workers.
        collected_s: float64[w], when the tasks in the observation window were collected; they are the first of a row.
        met: bool[w], which of them met their deadline.
    """

    idle: int
    busy: int
    draining: int
    starting: int
    collected_s: FloatArray
    met: BoolArray


class Afterwards(NamedTuple):
    """What goes on after a plan: enough workers for what came in the last step and what waits.

    Attributes:
        steps: how many are played.
        service_s: seconds of work of a task.
        use: the share of their time that workers should be busy, 0-1.
    """

    steps: int
    service_s: float
    use: float


class Course(NamedTuple):
    """What came of it: [futures, plans, steps] each, of the fact of that name."""

    worker_queue: NDArray[np.int64]
    requested_workers: NDArray[np.int64]
    applied_delta: NDArray[np.int64]
    missed_in_step: NDArray[np.int64]
    qos: FloatArray


def course(futures: int, plans: int, steps: int) -> Course:
    """Return room for what comes of it."""
    counts = np.zeros((4, futures, plans, steps), dtype=np.int64)
    return Course(counts[0], counts[1], counts[2], counts[3], np.zeros((futures, plans, steps)))


@inlined
def resume(farms: Farms, row: Index, tasks: int, start: Start, starting_s: FloatArray) -> None:
    """Bring farm ``row`` to time 0 in the middle of its work; tasks and delays are in place."""
    kernel.restart(farms, row, tasks, start.idle)
    farm = farms.state[row]
    past, held = len(start.collected_s), start.busy + start.draining
    for task in range(past):
        farms.finished[row, task] = task
        farms.collected_s[row, task] = start.collected_s[task]
    heaps = farms.far_s, farms.far_tag
    low, high, far = farm.busy_low, farm.busy_high, farm.busy_far
    for place in range(held):
        task = past + place
        tag = np.int64(task) if place < start.busy else ~np.int64(task)
        low, high, far = push(
            farm.busy_s, farm.busy_task, heaps, row, FINISHES, low, high, far, farms.work_s[row, task], tag
        )
    farm.busy_low, farm.busy_high, farm.busy_far = low, high, far
    farm.busy, farm.draining, farm.starting = start.busy, start.draining, start.starting
    farm.finished = farm.collected = past
    farm.next = farm.wake = farm.enqueued = past + held
    for place in range(start.starting):
        farms.starting_s[row, place] = starting_s[place]


@inlined
def change_to(wanted: Any, requested: Any, deltas: NDArray[np.int64]) -> Any:
    """As ``Actions.nearest``: the change that comes nearest, of two equally near ones the smaller."""
    missing = wanted - requested
    if len(deltas) == 0:
        return missing
    best = deltas[0]
    for delta in deltas:
        nearer, as_near = abs(delta - missing) < abs(best - missing), abs(delta - missing) == abs(best - missing)
        if nearer or (as_near and abs(delta) < abs(best)):
            best = delta
    return best


@compiled
def play_plans(
    episodes: Episodes,
    rules: Rules,
    rows: NDArray[np.int64],
    tasks: NDArray[np.int64],
    start: Start,
    starting_s: FloatArray,
    plans: NDArray[np.int64],
    deltas: NDArray[np.int64],
    afterwards: Afterwards,
    out: Course,
) -> None:
    """Play ``plans``, int64[c, h], in every future: row ``rows[i]`` has ``tasks[i]`` tasks and ``starting_s[i]``."""
    episodes, rules, steps = borrowed(episodes), borrowed(rules), plans.shape[1] + afterwards.steps
    for place in range(len(rows)):
        row = rows[place]
        for plan in range(len(plans)):
            resume(episodes.farms, row, tasks[place], start, starting_s[place])
            forget(episodes, row, len(start.collected_s))
            came: Any = 0
            for step in range(steps):
                farm = episodes.farms.state[row]
                before: Any = np.int64(kernel.ready(farm) + farm.starting)
                if step < plans.shape[1]:
                    wanted: Any = plans[plan, step]
                else:
                    load = (came + np.int64(farm.enqueued - farm.next)) * afterwards.service_s
                    wanted = np.int64(np.ceil(load / (rules.step_s * afterwards.use)))
                known = np.int64(farm.enqueued)
                asked = before + change_to(wanted, before, deltas)
                target: Any = min(max(asked, rules.min_workers), rules.max_workers)
                kernel.scale(episodes.farms, row, target - before)
                kernel.advance(episodes.farms, row, farm.now_s + rules.step_s, rules.collect_s)
                episodes.window[row].step += 1
                observe(episodes, rules, row)
                came = np.int64(farm.enqueued) - known
                out.worker_queue[place, plan, step] = episodes.facts[row, FACT.worker_queue]
                out.requested_workers[place, plan, step] = target
                out.applied_delta[place, plan, step] = target - before
                out.missed_in_step[place, plan, step] = episodes.facts[row, FACT.missed_in_step]
                out.qos[place, plan, step] = episodes.window[row].qos


@inlined
def forget(episodes: Episodes, row: Index, past: int) -> None:
    """Let the observation window hold the ``past`` tasks collected last, and nothing else."""
    window = episodes.window[row]
    window.step = window.first = window.missed = window.segment = window.then = window.segments = 0
    window.known = past
    window.qos = 1.0
    episodes.history_s[row, 0] = 0.0
    episodes.history_n[row, 0] = 0
