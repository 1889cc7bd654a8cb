"""The values that cross the seams: a batch of tasks, what the farm tells, what came of a scaling request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.reasons import ScaleReason

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
#: 9 x float32, see ``autoscaling_env.observation.FIELDS``.
Observation: TypeAlias = NDArray[np.float32]
Info: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaskBatch:
    """All tasks of one episode, drawn once before anything runs; no policy can change them.

    Attributes:
        arrival_s: float64[n], seconds from the start of the episode, >= 0, sorted.
        service_s: float64[n], seconds of work, >= 0.
        deadline_s: float64[n], the longest response time that still counts as met, > 0.
        segment_start_s: float64[m], m >= 1, sorted, from 0. Segment k holds the tasks that arrive in
            ``[segment_start_s[k], segment_start_s[k + 1])``; it is a phase, or a stretch of a trace.
        seed: the episode's seed. A simulated farm draws its delays from this seed's named streams.
    """

    arrival_s: FloatArray
    service_s: FloatArray
    deadline_s: FloatArray
    segment_start_s: FloatArray = field(default_factory=lambda: np.zeros(1))
    seed: int = 0

    def __len__(self) -> int:
        return len(self.arrival_s)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Raw facts about a farm at one instant; never a reward, never a smoothed number.

    ``workers_requested = workers_ready + workers_starting``; ``workers_busy <= workers_ready``. Draining
    workers finish their task and leave: they are in none of the others. On a simulated farm
    ``enqueued_total = worker_queue + workers_busy + workers_draining + result_queue + output_queue``.

    Attributes:
        time_s: seconds from the start of the episode. What happens at exactly ``time_s`` is not in it yet.
        input_queue: segments the emitter has not started.
        worker_queue: tasks waiting for a worker.
        result_queue: results not collected yet.
        output_queue: tasks collected since the start of the episode.
        workers_requested: what is paid for.
        workers_ready: able to take tasks (idle or busy).
        workers_starting: requested, not ready yet.
        workers_draining: leaving as soon as their task is done.
        workers_busy: ready and holding a task.
        enqueued_total: tasks put on the worker queue since the start of the episode.
        collected_s: float64[k], when each task collected since the last telemetry was collected.
        response_s: float64[k], collected - arrival.
        service_s: float64[k], the task's service time.
        deadline_met: bool[k], ``response_s <= deadline_s``.
        stale: names of fields that could not be read afresh and hold their last known value.
    """

    time_s: float
    input_queue: int
    worker_queue: int
    result_queue: int
    output_queue: int
    workers_requested: int
    workers_ready: int
    workers_starting: int
    workers_draining: int
    workers_busy: int
    enqueued_total: int
    collected_s: FloatArray
    response_s: FloatArray
    service_s: FloatArray
    deadline_met: BoolArray
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScaleOutcome:
    """What came of one ``scale_to``: the number asked for, the number the farm now aims at, and why.

    Attributes:
        requested: the absolute number of workers asked for.
        accepted: the absolute number the farm will have.
        reason: why the two differ, or ``ok``.
        detail: one line for the reader where the reason needs one (who clamped, which limit).
    """

    requested: int
    accepted: int
    reason: ScaleReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TaskLog:
    """One row per task of the batch, in arrival order: what became of it. NaN: it has not happened.

    Attributes:
        started_s: float64[n], when a worker picked the task up.
        finished_s: float64[n], when the worker was done.
        collected_s: float64[n], when the collector counted it.
        given_up: bool[n] or None, tasks that were collected without a result: their deadline is missed.
    """

    started_s: FloatArray
    finished_s: FloatArray
    collected_s: FloatArray
    given_up: BoolArray | None = None
