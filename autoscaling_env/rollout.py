"""Plays episodes: the loop that knows only the environment and the policy protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autoscaling_env.actions import nearest_action
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Explains, Policy
from autoscaling_env.records import StepLog
from autoscaling_env.summary import EpisodeSummary, SummaryLog
from autoscaling_env.types import Observation

#: Called after every step with (observation, reward, info).
StepListener = Callable[[Observation, float, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """An episode that was played; everything else is in the step log.

    Attributes:
        episode_seed: which one it was.
        summary: its figures.
        info: of the last step.
    """

    episode_seed: int
    summary: EpisodeSummary
    info: dict[str, Any]

    @property
    def total_reward(self) -> float:
        """The episode return."""
        return self.summary.total_reward


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
    """Play episode ``episode_seed`` from start to end; every step, and why it was taken, goes to ``log``."""
    policy.reset()
    observation, info = env.reset(options={"episode_seed": episode_seed})
    summary, ended = SummaryLog(), False
    while not ended:
        action = nearest_action(policy.decide(observation, info), info)
        observation, given, terminated, truncated, info = env.step(action)
        reward = float(given)
        summary.add(observation, reward, info)
        if log is not None:
            log.append(agent, episode, observation, reward, terminated, truncated, info)
            if isinstance(policy, Explains):
                log.explain(agent, episode, policy.explanation(), info)
        if on_step is not None:
            on_step(observation, reward, info)
        ended = terminated or truncated
    return EpisodeResult(episode_seed, summary.summary(), info)
