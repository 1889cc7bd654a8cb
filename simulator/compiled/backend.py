"""The compiled farm behind the Backend protocol: the same telemetry as ``SimBackend``, to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.randomization import Randomization
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome, TaskBatch, TaskLog, Telemetry
from simulator.compiled import kernel
from simulator.compiled.kernel import Farms
from simulator.compiled.single import CompiledSteps
from simulator.delays import overheads, pickup_delays, startup_delays

if TYPE_CHECKING:
    from autoscaling_env.config import Config
    from autoscaling_env.objective import RewardFunction
    from autoscaling_env.workload import Workload

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
        self._config = self._drawn = farm
        self._randomization = randomization
        self._farms: Farms | None = None
        self._tasks = TaskBatch(np.empty(0), np.empty(0), np.empty(0))
        self._collected = 0

    def stepping(self, config: Config, workload: Workload, reward: RewardFunction | None) -> CompiledSteps | None:
        """See ``autoscaling_env.step.PlaysSteps``: all in one where the environment's farm is this one."""
        if type(self) is not CompiledBackend or config.farm != self._config:
            return None
        return CompiledSteps(config, workload, self.adopt, reward)

    def adopt(self, farms: Farms, tasks: TaskBatch) -> None:
        """Go on with a farm that somebody else plays on, whose row 0 has these tasks."""
        self._farms, self._collected = farms, self._collected if tasks is self._tasks else 0
        self._tasks = tasks
        self._drawn = self._randomization.farm(tasks.seed) if self._randomization else self._config

    def reset(self, tasks: TaskBatch, workers: int) -> Telemetry:
        """See ``Backend.reset``."""
        self._drawn = self._randomization.farm(tasks.seed) if self._randomization else self._config
        size = len(tasks)
        farms = kernel.allocate(1, size, workers + SPARE_WORKERS, 0, record=True)
        farms.arrival_s[0, :size] = tasks.arrival_s
        farms.work_s[0] = tasks.service_s + overheads(self._drawn, tasks)
        farms.pickup_s[0] = pickup_delays(self._drawn, tasks)
        kernel.restart(farms, 0, size, workers)
        self._farms, self._tasks, self._collected = farms, tasks, 0
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
        kernel.advance(farms, 0, float(farms.state["now_s"][0]) + seconds, self._config.collect_s)
        return self._telemetry()

    def close(self) -> None:
        """Drop the farm."""
        self._farms = None

    def task_log(self) -> TaskLog:
        """See ``TaskLogging.task_log``."""
        farms, state, tasks = self._running(), self._state(), len(self._tasks)
        finished_s, collected_s = np.full((2, tasks), np.nan)
        finished = farms.finished[0, : state["finished"]]
        finished_s[finished] = farms.started_s[0, finished] + farms.work_s[0, finished]
        collected_s[finished[: state["collected"]]] = farms.collected_s[0, : state["collected"]]
        return TaskLog(farms.started_s[0, :tasks].copy(), finished_s, collected_s)

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
        now, collected, ready = float(farms.state["now_s"][0]), state["collected"], _ready(state)
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
