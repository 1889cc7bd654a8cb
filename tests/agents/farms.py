"""A farm small enough to train on in a test: two short phases, five workers, six steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.distilled.lessons import Alone
from agents.learner import Learner
from autoscaling_env.config import Config, load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.observation import FIELDS
from autoscaling_env.types import Info, Observation

SMALL = (
    "farm.max_workers=5",
    "farm.initial_workers=2",
    "environment.max_steps=6",
    "workload.base_rate_per_min=60",
    "workload.phases=[{pattern: steady, duration_s: 20, rate: 0.5}, {pattern: steady, duration_s: 20, rate: 2}]",
    "agents.sarsa.bins=[2, 3, 1, 1, 5, 1, 1, 3, 2]",
    "agents.sarsa.episodes=8",
    "agents.dqn.episodes=8",
    "agents.dqn.hidden_layers=[8]",
    "agents.dqn.batch_size=8",
    "agents.dqn.learning_starts=12",
    "agents.dqn.replay_capacity=30",
    "agents.ppo.episodes=8",
    "agents.ppo.rollout_episodes=3",
    "agents.ppo.anneal_episodes=8",
    "agents.ppo.hidden_layers=[8]",
    "agents.ppo.batch_size=8",
    "agents.distilled.episodes=8",
    "agents.distilled.round_episodes=4",
    "agents.distilled.hidden_layers=[8]",
    "agents.distilled.updates=200",
    "agents.training.checkpoint_every=4",
    "agents.training.eval_episodes=2",
)


def small_config(*more: str) -> Config:
    """Return the small farm's configuration, with further assignments."""
    return load_config(assignments=[*SMALL, *more])


def make_env(config: Config) -> OpenFaaSAutoscalingEnv:
    """Return the simulated farm."""
    return OpenFaaSAutoscalingEnv(config=config, backend="simpy")


class Clerk:
    """Teaches to have a worker for each task, two where there is none; each worker more or less costs 1."""

    def __init__(self) -> None:
        self._valued: dict[int, float] = {}

    def reset(self) -> None:
        """Nothing to forget."""

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count."""
        there = int(info["busy_workers"] + info["worker_queue"])
        wanted = min(max(there or 2, info["min_workers"]), info["max_workers"])
        self._valued = {count: -float(abs(count - wanted)) for count in range(1, info["max_workers"] + 1)}
        return int(wanted)

    def values(self) -> dict[int, float]:
        """Return what each count would have cost."""
        return self._valued


def make_classroom(config: Config, seed: int) -> Alone:
    """Return a classroom of the simulated farm in which the clerk teaches."""
    return Alone(make_env(config), Clerk())


def seen(workers: float = 1, **fields: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return an observation that is 0 but for the named fields."""
    observation = np.zeros(len(FIELDS), dtype=np.float32)
    for name, value in {"workers": workers, **fields}.items():
        observation[FIELDS.index(name)] = value
    return observation


def begin(learner: Learner, observation: np.ndarray[Any, np.dtype[np.float32]]) -> int:
    """Start an episode that is played alone; return its first action."""
    (action,) = learner.begin(observation[None])
    return action


def step(
    learner: Learner,
    reward: float,
    observation: np.ndarray[Any, np.dtype[np.float32]],
    terminated: bool,
    truncated: bool,
) -> int:
    """Step the episode that is played alone; return its next action."""
    ends = np.array([terminated]), np.array([truncated])
    (action,) = learner.step(np.array([reward]), observation[None], *ends, np.ones(1, dtype=np.bool_))
    return action
