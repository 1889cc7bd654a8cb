"""Between a batch of tasks and the wire: segments out, records of what became of the tasks in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autoscaling_env.types import TaskBatch, TaskLog
from live.wire.segments import Segment


def segments(tasks: TaskBatch) -> list[str]:
    """Return the batch as it is put on ``input_queue``: one JSON line a segment."""
    starts = tasks.segment_start_s.tolist()
    cuts = np.searchsorted(tasks.arrival_s, tasks.segment_start_s, side="left").tolist()
    cuts[0] = 0
    rows = list(
        zip(
            range(len(tasks)),
            tasks.arrival_s.tolist(),
            tasks.service_s.tolist(),
            tasks.deadline_s.tolist(),
            strict=True,
        )
    )
    return [
        Segment(start, after, tuple(rows[first:last])).to_json()
        for start, after, first, last in zip(starts, [*starts[1:], None], cuts, [*cuts[1:], len(rows)], strict=True)
    ]


class Outcomes:
    """What became of the tasks of one episode, filled from output records.

    Args:
        tasks: the episode's batch.
        zero_us: time 0 by the server's clock.
        time_scale: real seconds per episode second.
    """

    def __init__(self, tasks: TaskBatch, zero_us: int, time_scale: float) -> None:
        self._tasks = tasks
        self.zero_us = zero_us
        self._us_per_s = 1e6 * time_scale
        self.started_s, self.finished_s, self.collected_s = (np.full(len(tasks), np.nan) for _ in range(3))
        self.work_s = np.full(len(tasks), np.nan)
        self.deliveries = np.zeros(len(tasks), dtype=np.int64)
        self.workers: list[str] = [""] * len(tasks)
        self.dead: dict[int, str] = {}

    def add(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Note collected tasks; a record of a task that is not ours is left out."""
        for record in records:
            number = int(record["id"])
            if not 0 <= number < len(self._tasks):
                continue
            self.collected_s[number] = self.episode_s(record["collected_us"])
            self.deliveries[number] = record["deliveries"]
            self.workers[number] = str(record["worker"])
            if "dead" in record:
                self.dead[number] = str(record["dead"])
            else:
                self.started_s[number] = self.episode_s(record["claimed_us"])
                self.finished_s[number] = self.episode_s(record["finished_us"])
                self.work_s[number] = record["work_s"] * 1e6 / self._us_per_s

    def episode_s(self, server_us: float) -> float:
        """Return episode seconds of a server time."""
        return (server_us - self.zero_us) / self._us_per_s

    def server_us(self, episode_s: float) -> int:
        """Return the server time of an episode second."""
        return self.zero_us + round(episode_s * self._us_per_s)

    def task_log(self) -> TaskLog:
        """Return one row per task of the batch."""
        given_up = np.zeros(len(self.collected_s), dtype=np.bool_)
        given_up[list(self.dead)] = True
        return TaskLog(self.started_s.copy(), self.finished_s.copy(), self.collected_s.copy(), given_up)
