"""A plan made with the episode's tasks known: a lower bound on what hindsight can do, cheap enough for a test."""

from __future__ import annotations

import math

import numpy as np

from autoscaling_env.config import Config
from autoscaling_env.types import FloatArray, Info, Observation, TaskBatch


class Plan:
    """Follows a list of worker counts, one for each step."""

    def __init__(self, workers: list[int]) -> None:
        self._workers = workers
        self._step = 0

    def reset(self) -> None:
        """Start the list again."""
        self._step = 0

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count of this step."""
        wanted = self._workers[min(self._step, len(self._workers) - 1)]
        self._step += 1
        return wanted


def clairvoyant_plan(config: Config, tasks: TaskBatch, beta: float) -> list[int]:
    """Return square-root staffing of the load that will come, early enough to start one worker a step."""
    steps, step_s = config.environment.max_steps, config.environment.step_duration_s
    load = offered_load(tasks, steps, step_s)
    needed = np.clip(np.ceil(load + beta * np.sqrt(load)), config.farm.min_workers, config.farm.max_workers)
    ahead = math.ceil(config.farm.startup.mean_s / step_s)
    wanted = np.array([needed[k : k + ahead + 1].max() for k in range(steps)])
    distance = np.abs(np.arange(steps)[:, None] - np.arange(steps)[None, :])
    reachable = (wanted[None, :] - distance).max(axis=1)
    return [int(workers) for workers in np.maximum(reachable, config.farm.min_workers)]


def offered_load(tasks: TaskBatch, steps: int, step_s: float) -> FloatArray:
    """Return the mean number of tasks in service in each step if none ever waited."""
    edges = np.arange(steps + 1) * step_s
    started = np.minimum(edges[:, None], (tasks.arrival_s + tasks.service_s)[None, :]) - tasks.arrival_s[None, :]
    return np.diff(np.maximum(started, 0.0).sum(axis=1)) / step_s
