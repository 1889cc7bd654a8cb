"""The environment's ``info``: everything that is true at the end of a step and is not in the observation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.types import ScaleOutcome, Telemetry

#: Every key of ``info``, its meaning and unit. ``episode_final_qos`` is there only at the end of an episode.
INFO_KEYS: dict[str, str] = {
    "step": "decisions made in this episode",
    "time_s": "seconds since the start of the episode",
    "requested_delta": "change asked for by the action",
    "applied_delta": "change of the requested worker count that came of it",
    "scale_reason": "ok, at_minimum, at_maximum, clamped_by_platform or rejected",
    "scale_detail": "one line where the reason needs one",
    "requested_workers": "workers requested: what is paid for",
    "workers_ready": "workers able to take tasks",
    "workers_starting": "workers requested and not ready yet",
    "workers_draining": "workers that leave when their task is done",
    "busy_workers": "ready workers holding a task",
    "input_queue": "segments not started",
    "worker_queue": "tasks waiting",
    "result_queue": "results not collected yet",
    "output_queue": "tasks collected since the start, as counted by the farm",
    "enqueued_total": "tasks enqueued since the start",
    "processed_tasks": "tasks collected since the start, as counted by the environment",
    "processed_in_step": "tasks collected in this step",
    "unfinished_tasks": "tasks of the episode not collected yet, emitted or not",
    "qos_violations": "deadlines missed since the start",
    "stale": "telemetry fields that could not be read afresh",
    "action_deltas": "the change each action asks for; empty where an action is the wanted count",
    "min_workers": "lower bound of the worker count",
    "max_workers": "upper bound of the worker count",
    "step_duration_s": "seconds between decisions",
    "episode_seed": "the episode's seed: the same seed is the same tasks on every farm",
    "reward_terms": "the named terms whose sum is the reward (empty after reset)",
    "episode_final_qos": "share of deadlines met by all tasks collected in the episode, 0-1",
}


@dataclass(slots=True)
class Tally:
    """Running counts of one episode of ``tasks`` tasks."""

    tasks: int
    steps: int = 0
    processed: int = 0
    processed_in_step: int = 0
    missed: int = 0
    missed_in_step: int = 0

    def add(self, telemetry: Telemetry) -> None:
        """Count what one more step brought."""
        self.steps += 1
        self.processed_in_step = len(telemetry.deadline_met)
        self.missed_in_step = self.processed_in_step - int(np.count_nonzero(telemetry.deadline_met))
        self.processed += self.processed_in_step
        self.missed += self.missed_in_step

    @property
    def final_qos(self) -> float:
        """Share of deadlines met so far; 1 if nothing was collected."""
        return (self.processed - self.missed) / self.processed if self.processed else 1.0


def step_info(
    config: Config,
    telemetry: Telemetry,
    tally: Tally,
    outcome: ScaleOutcome,
    requested_delta: int,
    applied_delta: int,
) -> dict[str, Any]:
    """Return the part of ``info`` that every reset and step has; see ``INFO_KEYS``."""
    return {
        "step": tally.steps,
        "time_s": telemetry.time_s,
        "requested_delta": requested_delta,
        "applied_delta": applied_delta,
        "scale_reason": str(outcome.reason),
        "scale_detail": outcome.detail,
        "requested_workers": telemetry.workers_requested,
        "workers_ready": telemetry.workers_ready,
        "workers_starting": telemetry.workers_starting,
        "workers_draining": telemetry.workers_draining,
        "busy_workers": telemetry.workers_busy,
        "input_queue": telemetry.input_queue,
        "worker_queue": telemetry.worker_queue,
        "result_queue": telemetry.result_queue,
        "output_queue": telemetry.output_queue,
        "enqueued_total": telemetry.enqueued_total,
        "processed_tasks": tally.processed,
        "processed_in_step": tally.processed_in_step,
        "unfinished_tasks": tally.tasks - tally.processed,
        "qos_violations": tally.missed,
        "stale": telemetry.stale,
        "action_deltas": Actions.of(config).deltas,
        "min_workers": config.farm.min_workers,
        "max_workers": config.farm.max_workers,
        "step_duration_s": config.environment.step_duration_s,
    }
