"""The simulator as the twin of a journal's queue: its configuration, and what comes of playing a policy in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.recorded import Recorded
from autoscaling_env.backend import TaskLogging
from autoscaling_env.config import Config, default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.rollout import play_episode
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import BoolArray, FloatArray
from autoscaling_env.workload import Workload
from experiments.operations.demand import Demand
from experiments.operations.queue import promised
from experiments.operations.stretches import Stretch
from operate.journal.settings import JournalSettings

#: So many start-ups have to be seen before they are believed instead of the configured time.
FEWEST_STARTUPS = 5
#: And so many are kept: an empirical distribution needs no more.
MOST_STARTUPS = 1000
#: Steps of the observation window where the journal does not say.
_WINDOW_STEPS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What n steps in the twin came to.

    Attributes:
        backlog: int64[n], tasks waiting at the end of each step.
        in_flight: int64[n], tasks in workers' hands then.
        requested: int64[n], count in force in each step.
        ready: int64[n], workers ready at its end.
        completed: int64[n], tasks finished in it.
        missed: int64[n], those of them that were late.
        arrival_s: float64[m], of each task.
        in_time: bool[m], it was finished in time.
        due: bool[m], its time was over before the end, so it can be told.
    """

    backlog: NDArray[np.int64]
    in_flight: NDArray[np.int64]
    requested: NDArray[np.int64]
    ready: NDArray[np.int64]
    completed: NDArray[np.int64]
    missed: NDArray[np.int64]
    arrival_s: FloatArray
    in_time: BoolArray
    due: BoolArray


def twin_config(
    settings: JournalSettings, stretch: Stretch, demand: Demand, startups_s: Sequence[float], *, recorded: bool
) -> Config:
    """Return the configuration in which a stretch is played.

    A late task costs what it does for a controller (``experiments.operations.queue.price_of_a_miss``): it is what
    `static-best`, `hindsight` and the planner weigh workers against.

    Args:
        settings: what the controller was told; its ``settings`` for the policy win over all of this.
        stretch: what is played.
        demand: its tasks.
        startups_s: start-up times that were seen; none: the configured one.
        recorded: the recorded counts are played, which may lie outside of the bounds.

    Raises:
        InputError: a setting is none of the simulator's.
    """
    counts = [int(stretch.first.ready), *(stretch.requested.tolist() if recorded else [])]
    least = min([settings.bounds.min, *(counts if recorded else [])])
    most = max([settings.bounds.max, *(counts if recorded else [])])
    window_s = settings.observation_window or _WINDOW_STEPS * stretch.step_s
    values: dict[str, Any] = {
        "farm.min_workers": least,
        "farm.max_workers": most,
        "farm.initial_workers": min(max(counts[0], least), most),
        "farm.startup": startup_of(settings, startups_s),
        **_tasks(settings.objective.within_s, demand.mean_service_s),
        **promised(settings.objective, demand.mean_service_s, stretch.step_s, window_s),
        "environment.max_steps": len(stretch),
    }
    return with_overrides(with_overrides(default_config(), values), dict(settings.settings))


def play_in_twin(config: Config, workload: Workload, policy: Policy, seed: int) -> Course:
    """Play all steps of an episode, and tell what became of every task.

    A task is due when its time was over before the last step was: only then is it known whether it was in time,
    whoever decides, so every policy is judged on the same tasks.
    """
    env = OpenFaaSAutoscalingEnv(config=config, workload=workload)
    rows: list[tuple[int, ...]] = []

    def keep(observation: Any, reward: float, info: dict[str, Any]) -> None:
        held = info["busy_workers"] + info["workers_draining"]
        counts = info["requested_workers"], info["workers_ready"], info["processed_in_step"], info["qos_violations"]
        rows.append((info["worker_queue"], held, *counts))

    try:
        play_episode(env, policy, agent="", episode=0, episode_seed=seed, on_step=keep)
        batch = env.batch
        assert isinstance(env.backend, TaskLogging)  # noqa: S101 - every simulated farm is
        response_s = env.backend.task_log().collected_s - batch.arrival_s
    finally:
        env.close()
    backlog, held, requested, ready, completed, missed = np.array(rows, dtype=np.int64).T
    end_s = len(rows) * config.environment.step_duration_s
    in_time = response_s <= batch.deadline_s
    due = batch.arrival_s + batch.deadline_s < end_s
    return Course(backlog, held, requested, ready, completed, np.diff(missed, prepend=0), batch.arrival_s, in_time, due)


def recorded_counts(stretch: Stretch, seed: int) -> Recorded:
    """Return a policy that repeats the counts in force in each step of a stretch."""
    return Recorded({seed: stretch.requested.tolist()})


def startup_of(settings: JournalSettings, startups_s: Sequence[float]) -> dict[str, Any]:
    """Return the distribution of start-up times: those that were seen, if enough were, else the configured time."""
    if len(startups_s) < FEWEST_STARTUPS:
        return {"kind": "constant", "value_s": settings.workers.startup_time}
    return {"kind": "empirical", "values_s": [float(value) for value in startups_s[-MOST_STARTUPS:]]}


def seen_startups(stretch: Stretch, until: int | None = None) -> list[float]:
    """Return how long workers took from being requested to being ready, in seconds, in the first ``until`` steps.

    Ready workers are told at the ends of steps only: each is taken to have become ready in the middle of its step, and
    to have been requested at the beginning of the one in which the count rose. Who was requested first is ready first;
    of a fall those go first that are not ready.
    """
    waiting: deque[float] = deque()
    unknown = max(0, stretch.first.requested - stretch.first.ready)
    requested, ready = stretch.first.requested, float(stretch.first.ready)
    found: list[float] = []
    waiting.extend([np.nan] * unknown)
    for step in range(len(stretch))[:until]:
        wanted, now = int(stretch.requested[step]), float(stretch.ready[step])
        waiting.extend([step * stretch.step_s] * max(0, wanted - requested))
        requested = wanted
        if np.isnan(now):
            continue
        became = min(len(waiting), max(0, round(now - ready)))
        found += [(step + 0.5) * stretch.step_s - waiting.popleft() for _ in range(became)]
        while len(waiting) > max(0, requested - now):
            waiting.pop()
        ready = now
    return [value for value in found if not np.isnan(value)]


def _tasks(within_s: float, mean_s: float) -> dict[str, Any]:
    """Return what rules read of the workload's configuration: the mean work, and one deadline for all."""
    return {
        "workload.service": {"distribution": {"kind": "gamma", "shape": 1.0, "mean_s": mean_s}},
        "workload.deadline": {
            "coefficient": min(max(within_s / mean_s, 1e-6), 1e6),
            "floor_s": within_s,
            "cap_s": within_s,
        },
    }
