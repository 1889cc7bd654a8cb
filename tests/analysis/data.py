"""Records for the analysis tests: a few real episodes on the SimPy farm, and rows made by hand."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.report.decisions import LEVELS
from autoscaling_env.config import default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.observation import FIELDS
from autoscaling_env.records import StepLog, task_frame
from autoscaling_env.rollout import play_episode
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import Info, Observation

EPISODES = 3


class Hold:
    """Goes to a count and stays there."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def reset(self) -> None:
        """Nothing to forget."""

    def decide(self, observation: Observation, info: Info) -> int:
        return self._workers


@cache
def played(objective: str = "shaped") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Steps and tasks of two policies on the same three episodes; treat them as read-only."""
    config = with_overrides(default_config(), {"reward.objective": objective, "environment.max_steps": 12})
    env = OpenFaaSAutoscalingEnv(config=config, backend="simpy")
    log, tasks = StepLog(objective), []
    for agent, workers in (("static-8", 8), ("static-14", 14)):
        for episode in range(EPISODES):
            play_episode(env, Hold(workers), agent=agent, episode=episode, episode_seed=40 + episode, log=log)
            tasks.append(task_frame(agent, episode, env.batch, env.backend.task_log()))  # type: ignore[attr-defined]
    return log.frame(), pd.concat(tasks, ignore_index=True)


def rows(agent: str = "a", seed: int = 7, *, rewards: tuple[float, ...] = (1.0, 2.0), **columns: Any) -> pd.DataFrame:
    """Step rows of one episode made by hand: 10 s steps, 2 workers, everything on time, unless said otherwise."""
    count = len(rewards)
    frame = pd.DataFrame(
        {
            "agent": agent,
            "episode": 0,
            "episode_seed": seed,
            "step": np.arange(1, count + 1),
            "time_s": 10.0 * np.arange(1, count + 1),
            "requested_delta": 0,
            "requested_workers": 2,
            "workers_ready": 2,
            "processed_tasks": 5 * np.arange(1, count + 1),
            "unfinished_tasks": 0,
            "qos_violations": 0,
            "reward": rewards,
        }
    )
    for field in FIELDS:
        frame[f"observed_{field}"] = np.float32(1)
    return frame.assign(**columns)


def episodes(agent: str, values: Any, metric: str = "total_reward", seeds: Any = None) -> pd.DataFrame:
    """One row per episode with one figure, as ``episode_table`` gives them."""
    seeds = np.arange(len(values)) if seeds is None else seeds
    return pd.DataFrame({"agent": agent, "episode": np.arange(len(values)), "episode_seed": seeds, metric: values})


def decision(step: int, *, agent: str = "static-8", episode: int = 0, horizon: int = 16) -> str:
    """A line of ``decisions.jsonl``: 10 to 14 tasks foreseen in the first step, one more in each later one."""
    forecast = {level: [10.25 + place + later for later in range(horizon)] for place, level in enumerate(LEVELS)}
    promised = {"reward": 86.4321, "missed": 0.07, "worker_seconds": 1336.0}
    plans = [{"wanted": [count] + [9] * (horizon - 1), "change": count - 8, **promised} for count in (8, 9, 10)]
    told = {"agent": agent, "episode": episode, "episode_seed": 40 + episode, "step": step, "forecast": forecast}
    return json.dumps({**told, "plans": plans, "because": f"why {step}; <b>bold</b>"})


def decisions(steps: pd.DataFrame, agent: str) -> str:
    """Every step of an agent explained."""
    part = steps[steps["agent"] == agent]
    lines = (
        decision(int(row.step), agent=agent, episode=int(row.episode))  # type: ignore[arg-type]
        for row in part.itertuples()
    )
    return "".join(f"{line}\n" for line in lines)
