"""What an episode's next step will read and write, asked for while other episodes are stepped."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoscaling_env.schema import FACTS
from simulator.compiled.compiling import inlined
from simulator.compiled.kernel import FARM
from simulator.compiled.prefetch import LINE, prefetch

#: How many episodes ahead memory is asked for (``ask_for_counts``, ``ask_for_tasks``), and for how many tasks: about
#: those of a step (of the reference workload: 38).
COUNTS_AHEAD, TASKS_AHEAD, TASKS_A_STEP = 4, 2, 48
_FARM_FIELDS: Any = FARM.fields
_BUSY_S, _BUSY_TASK, _LOOK_S = (_FARM_FIELDS[name][1] for name in ("busy_s", "busy_task", "look_s"))
_COUNTS_BYTES, _FACTS_BYTES, _TASKS_BYTES = _BUSY_S, len(FACTS) * 8, TASKS_A_STEP * 8


@inlined
def ask_for_counts(episodes: Any, row: Any) -> None:
    """Ask for what an episode's next step reads and writes whatever happens in it."""
    for byte in range(0, _COUNTS_BYTES, LINE):
        prefetch(episodes.farms.state, row, byte)
    for byte in range(0, _FACTS_BYTES, LINE):
        prefetch(episodes.facts, row, byte)
    prefetch(episodes.window, row, 0)
    prefetch(episodes.history_s, row, 0)
    prefetch(episodes.history_n, row, 0)
    prefetch(episodes.farms.starting_s, row, 0)
    prefetch(episodes.segment_s, row, 0)


@inlined
def ask_for_tasks(episodes: Any, row: Any) -> None:
    """Ask for an episode's next tasks and the agenda of its workers; its counts should have been asked for."""
    farms = episodes.farms
    farm = farms.state[row]
    task, done = np.int64(farm.next) * 8, np.int64(farm.finished) * 8
    for byte in range(0, _TASKS_BYTES, LINE):
        prefetch(farms.arrival_s, row, task + byte)
        prefetch(farms.work_s, row, task + byte)
        prefetch(farms.pickup_s, row, task + byte)
        prefetch(farms.collected_s, row, done + byte)
        prefetch(episodes.deadline_s, row, done + byte)  # nearly in the order of finishing
    for byte in range(0, _TASKS_BYTES // 2, LINE):
        prefetch(farms.finished, row, (done >> 1) + byte)
    # The agenda grows downwards, by an entry a task.
    for byte in range(np.int64(farm.busy_low) * 8 - _TASKS_BYTES, np.int64(farm.busy_high) * 8, LINE):
        prefetch(farms.state, row, _BUSY_S + byte)
        prefetch(farms.state, row, _BUSY_TASK + byte)
    prefetch(farms.state, row, _LOOK_S + np.int64(farm.look_high) * 8 - 8)
