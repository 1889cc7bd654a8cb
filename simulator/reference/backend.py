"""The simulated farm behind the Backend protocol."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.randomization import Randomization
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome, TaskBatch, TaskLog, Telemetry
from simulator.delays import Delays
from simulator.reference.farm import Farm


class SimBackend:
    """A task farm in SimPy: the readable reference that every other farm is held against.

    Args:
        farm: delays and bounds; the bounds are those of the environment, which clips to them.
        randomization: what of its delays is drawn anew for every episode.
    """

    def __init__(self, farm: FarmConfig, randomization: Randomization | None = None) -> None:
        self._config, self._randomization = farm, randomization
        self._farm: Farm | None = None
        self._tasks = TaskBatch(np.empty(0), np.empty(0), np.empty(0))
        self._collected = 0
        self._told: list[tuple[str, Any]] = []

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how a copy is made: generators cannot be copied, but all that they were told can be told again."""
        told = [] if self._farm is None else self._told
        return _played_again, (self._config, self._randomization, self._tasks, told)

    def reset(self, tasks: TaskBatch, workers: int) -> Telemetry:
        """See ``Backend.reset``."""
        farm = self._randomization.farm(tasks.seed) if self._randomization else self._config
        delays = Delays(farm, tasks)
        work_s = tasks.service_s + delays.overhead_s
        self._tasks, self._collected, self._told = tasks, 0, [("reset", workers)]
        self._farm = Farm(tasks.arrival_s, work_s, delays, self._config.collect_s, workers)
        return self._telemetry()

    def scale_to(self, workers: int) -> ScaleOutcome:
        """See ``Backend.scale_to``."""
        farm = self._running()
        self._told.append(("scale_to", workers))
        change = workers - farm.requested
        farm.add(max(0, change))
        farm.remove(max(0, -change))
        return ScaleOutcome(workers, farm.requested, ScaleReason.OK)

    def advance(self, seconds: float) -> Telemetry:
        """See ``Backend.advance``."""
        if not seconds > 0:
            raise ValueError(f"advance({seconds:g}): seconds must be > 0")
        calendar = self._running().calendar
        self._told.append(("advance", seconds))
        calendar.run_before(calendar.now + seconds)
        return self._telemetry()

    def close(self) -> None:
        """Drop the farm."""
        self._farm = None

    def task_log(self) -> TaskLog:
        """See ``TaskLogging.task_log``."""
        farm = self._running()
        collected_s = np.full(len(self._tasks), np.nan)
        collected_s[farm.collected] = farm.collected_s
        return TaskLog(np.array(farm.started_s), np.array(farm.finished_s), collected_s)

    def _running(self) -> Farm:
        if self._farm is None:
            raise RuntimeError("the farm is not running; call reset() first")
        return self._farm

    def _telemetry(self) -> Telemetry:
        farm, tasks = self._running(), self._tasks
        new = np.array(farm.collected[self._collected :], dtype=np.intp)
        collected_s = np.array(farm.collected_s[self._collected :], dtype=np.float64)
        self._collected += len(new)
        response_s = collected_s - tasks.arrival_s[new]
        now = float(farm.calendar.now)
        return Telemetry(
            time_s=now,
            input_queue=len(tasks.segment_start_s) - int(np.searchsorted(tasks.segment_start_s, now, side="left")),
            worker_queue=len(farm.waiting),
            result_queue=len(farm.results),
            output_queue=self._collected,
            workers_requested=farm.requested,
            workers_ready=farm.ready,
            workers_starting=len(farm.starting),
            workers_draining=len(farm.draining),
            workers_busy=len(farm.busy),
            enqueued_total=farm.enqueued,
            collected_s=collected_s,
            response_s=response_s,
            service_s=tasks.service_s[new],
            deadline_met=response_s <= tasks.deadline_s[new],
        )


def _played_again(
    farm: FarmConfig, randomization: Randomization | None, tasks: TaskBatch, told: list[tuple[str, Any]]
) -> SimBackend:
    """Return a farm that was told the same: everything follows from the tasks and that, to the bit."""
    backend = SimBackend(farm, randomization)
    for what, value in told:
        if what == "reset":
            backend.reset(tasks, value)
        else:
            getattr(backend, what)(value)
    return backend
