"""From snapshots to telemetry: half-open windows, last known values, and what is stale."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from autoscaling_env.types import TaskBatch, Telemetry
from live.platform import WorkerCounts
from live.snapshot import Snapshot
from live.wire.tasks import Outcomes

#: Telemetry that comes from the server.
QUEUE_FIELDS = ("input_queue", "worker_queue", "result_queue", "output_queue", "enqueued_total")
WORKER_FIELDS = ("requested", "ready", "starting", "draining", "busy")


class Readings:
    """Turns what is read at the end of each step into telemetry.

    Args:
        tasks: the episode's batch.
        zero_us: time 0 by the server's clock.
        time_scale: real seconds per episode second.
        first: the farm before its clock was started.
    """

    def __init__(self, tasks: TaskBatch, zero_us: int, time_scale: float, first: Snapshot) -> None:
        self._tasks = tasks
        self._last = first
        self.outcomes = Outcomes(tasks, zero_us, time_scale)
        self._untold: deque[Mapping[str, Any]] = deque()
        self._collected = 0

    def add(self, snapshot: Snapshot) -> None:
        """Take in what was read."""
        self._last = snapshot
        self._untold.extend(snapshot.collected)

    def telemetry(self, time_s: float, counts: WorkerCounts, *, fresh: bool = True) -> Telemetry:
        """Return what is true at ``time_s``; what was collected at it or later is kept for the next window."""
        rows = self._collected_before(time_s)
        self.outcomes.add(rows)
        numbers = np.array([row["id"] for row in rows], dtype=np.intp)
        self._collected += len(rows)
        collected_s = self.outcomes.collected_s[numbers]
        response_s = collected_s - self._tasks.arrival_s[numbers]
        alive = np.array(["dead" not in row for row in rows], dtype=np.bool_)
        stale = () if fresh else QUEUE_FIELDS
        return Telemetry(
            time_s=time_s,
            input_queue=self._last.input_queue,
            worker_queue=self._last.worker_queue,
            result_queue=self._last.result_queue + len(self._untold),
            output_queue=self._collected,
            workers_requested=counts.requested,
            workers_ready=counts.ready,
            workers_starting=counts.starting,
            workers_draining=counts.draining,
            workers_busy=counts.busy,
            enqueued_total=self._last.enqueued_total,
            collected_s=collected_s,
            response_s=response_s,
            service_s=self._tasks.service_s[numbers],
            deadline_met=(response_s <= self._tasks.deadline_s[numbers]) & alive,
            stale=stale + tuple(f"workers_{name}" for name in counts.stale),
        )

    def _collected_before(self, time_s: float) -> list[Mapping[str, Any]]:
        rows = []
        while self._untold and self.outcomes.episode_s(self._untold[0]["collected_us"]) < time_s:
            row = self._untold.popleft()
            if 0 <= int(row["id"]) < len(self._tasks):
                rows.append(row)
        return rows
