"""The compiled farm behind the Backend protocol: the same telemetry as ``SimBackend``, to the bit."""

from __future__ import annotations

import numpy as np

from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.randomization import Randomization
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome, TaskBatch, TaskLog, Telemetry
from simulator.compiled import kernel
from simulator.compiled.first_use import announce
from simulator.compiled.kernel import Farms
from simulator.delays import overheads, pickup_delays, startup_delays

#: Room for workers beyond those asked for: leaving ones still hold a task.
SPARE_WORKERS = 64
#: The counts with which the kernel's state begins.
COUNTS = tuple(name for name in kernel.FARM.names or () if kernel.FARM[name].kind in "iu")


class CompiledBackend:
    """The farm of ``SimBackend``, hundreds of times faster.

    Args:
        farm: delays and bounds; the bounds are those of the environment, which clips to them.
        randomization: what of its delays is drawn anew for every episode.
    """

    def __init__(self, farm: FarmConfig, randomization: Randomization | None = None) -> None:
        announce(kernel.advance)
        self._config = self._drawn = farm
        self._randomization = randomization
        self._farms: Farms | None = None
        self._tasks = TaskBatch(np.empty(0), np.empty(0), np.empty(0))
        self._collected, self._now_s = 0, 0.0

    def reset(self, tasks: TaskBatch, workers: int) -> Telemetry:
        """See ``Backend.reset``."""
        self._drawn = self._randomization.farm(tasks.seed) if self._randomization else self._config
        size = len(tasks)
        farms = kernel.allocate(1, size, workers + SPARE_WORKERS, 0, record=True)
        farms.arrival_s[0, :size] = tasks.arrival_s
        farms.work_s[0] = tasks.service_s + overheads(self._drawn, tasks)
        farms.pickup_s[0] = pickup_delays(self._drawn, tasks)
        kernel.restart(farms, 0, size, workers)
        self._farms, self._tasks, self._collected, self._now_s = farms, tasks, 0, 0.0
        return self._telemetry()

    def scale_to(self, workers: int) -> ScaleOutcome:
        """See ``Backend.scale_to``."""
        if workers < 0:
            raise ValueError(f"scale_to({workers}): workers must be >= 0")
        farms, state = self._running(), self._state()
        change = workers - _ready(state) - state["starting"]
        if change:
            self._farms = self._with_room(farms, state, change)
            kernel.scale(self._farms, 0, change)
        return ScaleOutcome(workers, workers, ScaleReason.OK)

    def advance(self, seconds: float) -> Telemetry:
        """See ``Backend.advance``."""
        if not seconds > 0:
            raise ValueError(f"advance({seconds:g}): seconds must be > 0")
        farms = self._running()
        self._now_s += seconds
        kernel.advance(farms, 0, self._now_s, self._config.collect_s)
        return self._telemetry()

    def close(self) -> None:
        """Drop the farm."""
        self._farms = None

    def task_log(self) -> TaskLog:
        """See ``TaskLogging.task_log``."""
        farms = self._running()
        finished_s, collected_s = np.full((2, len(self._tasks)), np.nan)
        finished = farms.finished[0, : farms.state[0]["finished"]]
        finished_s[finished] = farms.started_s[0, finished] + farms.work_s[0, finished]
        collected_s[finished[: self._collected]] = farms.collected_s[0, : self._collected]
        return TaskLog(farms.started_s[0].copy(), finished_s, collected_s)

    def _running(self) -> Farms:
        if self._farms is None:
            raise RuntimeError("the farm is not running; call reset() first")
        return self._farms

    def _state(self) -> dict[str, int]:
        words = self._running().state.view(np.int64)[: len(COUNTS)]
        return dict(zip(COUNTS, words.tolist(), strict=True))

    def _with_room(self, farms: Farms, state: dict[str, int], change: int) -> Farms:
        """Return the farms with room for ``change`` more workers and their start-up delays."""
        crowd = _ready(state) + state["starting"] + state["draining"] + change
        if crowd > farms.starting_s.shape[1]:
            farms = kernel.with_room(farms, 2 * crowd)
        starts = state["started"] + change
        if starts > farms.startup_s.shape[1]:
            drawn = startup_delays(self._drawn, self._tasks.seed, 2 * starts)
            farms = farms._replace(startup_s=drawn[None])
        return farms

    def _telemetry(self) -> Telemetry:
        farms, tasks, state = self._running(), self._tasks, self._state()
        now, collected, ready = self._now_s, state["collected"], _ready(state)
        new = farms.finished[0, self._collected : collected]
        collected_s = farms.collected_s[0, self._collected : collected].copy()
        response_s = collected_s - tasks.arrival_s[new]
        self._collected = collected
        return Telemetry(
            time_s=now,
            input_queue=len(tasks.segment_start_s) - int(np.searchsorted(tasks.segment_start_s, now, side="left")),
            worker_queue=state["enqueued"] - state["next"],
            result_queue=state["finished"] - collected,
            output_queue=collected,
            workers_requested=ready + state["starting"],
            workers_ready=ready,
            workers_starting=state["starting"],
            workers_draining=state["draining"],
            workers_busy=state["busy"],
            enqueued_total=state["enqueued"],
            collected_s=collected_s,
            response_s=response_s,
            service_s=tasks.service_s[new],
            deadline_met=response_s <= tasks.deadline_s[new],
        )


def _ready(state: dict[str, int]) -> int:
    """Workers able to take tasks: idle, woken or busy."""
    return state["idle"] + state["look_high"] - state["look_low"] + state["look_far"] + state["busy"]
