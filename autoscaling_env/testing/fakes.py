"""A farm and a workload whose every number the test decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome, TaskBatch, Telemetry


@dataclass
class FixedWorkload:
    """Always the same tasks."""

    batch: TaskBatch
    name: str = "fixed"
    duration_s: float = 60.0
    mean_service_s: float = 1.5
    notes: tuple[str, ...] = ()
    drawn: list[tuple[int, int | None]] = field(default_factory=list)

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        self.drawn.append((seed, phase_order_seed))
        return TaskBatch(
            self.batch.arrival_s, self.batch.service_s, self.batch.deadline_s, self.batch.segment_start_s, seed
        )


@dataclass(frozen=True)
class Window:
    """What a scripted farm tells at the end of one ``advance``."""

    finished: Sequence[tuple[float, float, bool]] = ()  # collected_s, response_s, met
    worker_queue: int = 0
    enqueued_total: int = 0
    output_queue: int = 0
    input_queue: int = 0


class ScriptedBackend:
    """Tells what the script says, and remembers what it was asked."""

    def __init__(self, windows: Sequence[Window], ceiling: int | None = None) -> None:
        self._windows = windows
        self._ceiling = ceiling
        self.asked: list[int] = []
        self.closed = 0
        self._time_s = 0.0
        self._workers = 0
        self._next = 0

    def reset(self, tasks: TaskBatch, workers: int) -> Telemetry:
        self._time_s, self._next, self._workers = 0.0, 0, workers
        return self._telemetry(Window(input_queue=1))

    def scale_to(self, workers: int) -> ScaleOutcome:
        self.asked.append(workers)
        given = workers if self._ceiling is None else min(workers, self._ceiling)
        self._workers = given
        clamped = given != workers
        return ScaleOutcome(workers, given, ScaleReason.CLAMPED_BY_PLATFORM if clamped else ScaleReason.OK)

    def advance(self, seconds: float) -> Telemetry:
        self._time_s += seconds
        window = self._windows[min(self._next, len(self._windows) - 1)]
        self._next += 1
        return self._telemetry(window)

    def close(self) -> None:
        self.closed += 1

    def _telemetry(self, window: Window) -> Telemetry:
        rows = list(window.finished)
        return Telemetry(
            time_s=self._time_s,
            input_queue=window.input_queue,
            worker_queue=window.worker_queue,
            result_queue=0,
            output_queue=window.output_queue,
            workers_requested=self._workers,
            workers_ready=self._workers,
            workers_starting=0,
            workers_draining=0,
            workers_busy=0,
            enqueued_total=window.enqueued_total,
            collected_s=np.array([row[0] for row in rows], dtype=np.float64),
            response_s=np.array([row[1] for row in rows], dtype=np.float64),
            service_s=np.ones(len(rows)),
            deadline_met=np.array([row[2] for row in rows], dtype=np.bool_),
        )


def tasks(count: int) -> TaskBatch:
    """``count`` tasks, a second apart."""
    return TaskBatch(np.arange(count, dtype=float), np.ones(count), np.full(count, 2.0))
