"""Plays episodes: the loop that knows only the environment and the policy protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.records import StepLog
from autoscaling_env.types import Observation

#: Called after every step with (observation, reward, info).
StepListener = Callable[[Observation, float, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """An episode in five numbers; everything else is in the step log."""

    episode_seed: int
    total_reward: float
    steps: int
    final_qos: float
    info: dict[str, Any]


def play_episode(
    env: OpenFaaSAutoscalingEnv,
    policy: Policy,
    *,
    agent: str,
    episode: int,
    episode_seed: int,
    log: StepLog | None = None,
    on_step: StepListener | None = None,
) -> EpisodeResult:
    """Play episode ``episode_seed`` from start to end; every step goes to ``log``."""
    policy.reset()
    observation, info = env.reset(options={"episode_seed": episode_seed})
    rewards: list[float] = []
    ended = False
    while not ended:
        observation, reward, terminated, truncated, info = env.step(policy.act(observation, info))
        rewards.append(float(reward))
        ended = terminated or truncated
        if log is not None:
            log.append(agent, episode, observation, rewards[-1], terminated, truncated, info)
        if on_step is not None:
            on_step(observation, rewards[-1], info)
    return EpisodeResult(episode_seed, sum(rewards), len(rewards), info["episode_final_qos"], info)
