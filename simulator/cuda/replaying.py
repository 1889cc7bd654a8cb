"""Whole episodes of farms played by given decisions, on any engine: what the engines are compared by.

One source plays on the compiled farm and on a device's: ``kernel`` is whichever of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import kernel
from simulator.compiled.borrowing import borrowed
from simulator.compiled.compiling import compiled, inlined
from simulator.cuda import arrays
from simulator.cuda.environment import SWAPS
from simulator.cuda.targets import Target

#: What is written down after every step, in this order.
COUNTS = (
    "requested",
    "ready",
    "starting",
    "draining",
    "busy",
    "enqueued",
    "next",
    "finished",
    "collected",
    "started",
)


@dataclass(frozen=True, slots=True)
class Script:
    """An episode and what is asked of its farm.

    Attributes:
        arrival_s, work_s, pickup_s: float64[n].
        startup_s: float64[k], as many as there are starts.
        workers: idle at time 0.
        steps: (worker counts asked for one after the other, seconds) of each step.
        collect_s: seconds the collector spends on each result.
    """

    arrival_s: NDArray[np.float64]
    work_s: NDArray[np.float64]
    pickup_s: NDArray[np.float64]
    startup_s: NDArray[np.float64]
    workers: int
    steps: Sequence[tuple[Sequence[int], float]]
    collect_s: float

    @property
    def crowd(self) -> int:
        """As many workers there are at most, leaving ones too."""
        return self.workers + self.starts

    @property
    def starts(self) -> int:
        """As many workers are started at most."""
        return sum(max(asked, default=0) * len(asked) for asked, _ in self.steps)


class Replay(NamedTuple):
    """Arguments of ``replay``: f farms and what is asked of them in up to s steps.

    Attributes:
        farms: the engine's own.
        tasks, workers, steps: int64[f].
        asked: int64[f, s, a], worker counts one after the other; negative: nothing.
        seconds: real[f, s].
        collect_s: real[f].
        counts: int64[f, s, len(COUNTS)], what was so after every step.
    """

    farms: Any
    tasks: Any
    workers: Any
    steps: Any
    asked: Any
    seconds: Any
    collect_s: Any
    counts: Any


def replay(row: Any, arguments: Any) -> None:
    """Play an episode from its start."""
    farms, counts = arguments.farms, arguments.counts
    kernel.restart(farms, row, arguments.tasks[row], arguments.workers[row])
    state = farms.state[row]
    for step in range(arguments.steps[row]):
        for place in range(arguments.asked.shape[2]):
            wanted = arguments.asked[row, step, place]
            if wanted >= 0:
                kernel.scale(farms, row, wanted - np.int64(kernel.ready(state) + state.starting))
        kernel.advance(farms, row, state.now_s + arguments.seconds[row, step], arguments.collect_s[row])
        ready = kernel.ready(state)
        counts[row, step, 0] = ready + state.starting
        counts[row, step, 1] = ready
        counts[row, step, 2] = state.starting
        counts[row, step, 3] = state.draining
        counts[row, step, 4] = state.busy
        counts[row, step, 5] = state.enqueued
        counts[row, step, 6] = state.next
        counts[row, step, 7] = state.finished
        counts[row, step, 8] = state.collected
        counts[row, step, 9] = state.started


_replay = inlined(replay)


@compiled
def replay_all(rows: Any, arguments: Any) -> None:
    """Play all episodes on the compiled farm."""
    arguments = borrowed(arguments)
    for row in range(rows):
        _replay(row, arguments)


class Log(NamedTuple):
    """What came of it.

    Attributes:
        counts: int64[f, s, len(COUNTS)].
        started_s: real[f, n], NaN where it never was.
        finished: int32[f, n], tasks in the order of finishing; -1 beyond.
        collected_s: real[f, n], when the collector was done with each of them; NaN beyond.
    """

    counts: NDArray[np.int64]
    started_s: NDArray[Any]
    finished: NDArray[np.int32]
    collected_s: NDArray[Any]


def on_compiled(scripts: Sequence[Script]) -> Log:
    """Play on the compiled farm."""
    crowd, tasks, starts = _sizes(scripts)
    farms = kernel.allocate(len(scripts), tasks, crowd, starts, record=True)
    played = _arguments(scripts, farms, np.float64)
    _fill(farms, scripts)
    replay_all(len(scripts), played)
    return _log(farms.state["finished"], played.counts, farms.started_s, farms.finished, farms.collected_s)


def on_device(scripts: Sequence[Script], target: Target, real: type = np.float64) -> Log:
    """Play on a device; with another kind of real numbers, too.

    Raises:
        RuntimeError: there was not room for what there was: a mistake here.
    """
    crowd, tasks, starts = _sizes(scripts)
    made = arrays.allocate(len(scripts), len(scripts), tasks, crowd, starts, tasks, record=True, real=real)
    played = _arguments(scripts, made, real)
    _fill(made, scripts)
    there = arrays.copied(played, target.put)
    target.entry(replay, SWAPS)(len(scripts), there)
    target.synchronize()
    state = target.fetch(there.farms.state)
    if state["problem"].any():
        raise RuntimeError(f"no room on the device: {state['problem'].max()}")
    told = (there.counts, there.farms.started_s, there.farms.finished, there.farms.collected_s)
    return _log(state["finished"], *(target.fetch(each) for each in told))


def _sizes(scripts: Sequence[Script]) -> tuple[int, int, int]:
    crowd = max(script.crowd for script in scripts) + 1
    return crowd, max(len(script.arrival_s) for script in scripts), max(script.starts for script in scripts) + 1


def _arguments(scripts: Sequence[Script], farms: Any, real: type) -> Replay:
    count, steps = len(scripts), max(len(script.steps) for script in scripts)
    most = max([1, *(len(asked) for script in scripts for asked, _ in script.steps)])
    asked = np.full((count, steps, most), -1, dtype=np.int64)
    seconds: Any = np.zeros((count, steps), dtype=real)
    for row, script in enumerate(scripts):
        for step, (wanted, length) in enumerate(script.steps):
            asked[row, step, : len(wanted)] = wanted
            seconds[row, step] = length
    sizes = [(len(script.arrival_s), script.workers, len(script.steps)) for script in scripts]
    tasks, workers, lengths = np.array(sizes, dtype=np.int64).T.copy()
    collect_s: Any = np.array([script.collect_s for script in scripts], dtype=real)
    counts = np.zeros((count, steps, len(COUNTS)), dtype=np.int64)
    return Replay(farms, tasks, workers, lengths, asked, seconds, collect_s, counts)


def _fill(farms: Any, scripts: Sequence[Script]) -> None:
    for row, script in enumerate(scripts):
        size = len(script.arrival_s)
        farms.arrival_s[row, :size] = script.arrival_s
        farms.work_s[row, :size] = script.work_s
        farms.pickup_s[row, :size] = script.pickup_s
        farms.startup_s[row, : len(script.startup_s)] = script.startup_s


def _log(finished: Any, counts: Any, started_s: Any, order: Any, collected_s: Any) -> Log:
    tasks = started_s.shape[1]
    over = np.arange(tasks) >= finished[:, None].astype(np.int64)
    order, collected_s = order[:, :tasks].copy(), collected_s[:, :tasks].copy()
    order[over], collected_s[over] = -1, np.nan
    return Log(counts, started_s, order, collected_s)
