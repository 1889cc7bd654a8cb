"""Opt-in changes to what the agent sees."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from autoscaling_env.types import Observation

ADDED = ("workers_ready", "workers_starting", "workers_draining")


class WorkerStates(gymnasium.Wrapper[Observation, Any, Observation, Any]):
    """Appends the counts of ready, starting and draining workers: ``Box(12, float32)``."""

    def __init__(self, env: gymnasium.Env[Observation, Any]) -> None:
        super().__init__(env)
        space = env.observation_space
        if not isinstance(space, Box):
            raise TypeError(f"WorkerStates needs a Box observation, not {type(space).__name__}")
        limit = np.full(len(ADDED), space.high[0], dtype=np.float32)
        self.observation_space = Box(
            np.concatenate([space.low, np.zeros_like(limit)]), np.concatenate([space.high, limit])
        )

    def reset(self, **kwargs: Any) -> tuple[Observation, dict[str, Any]]:
        """Reset the environment; the counts are appended to its observation."""
        observation, info = self.env.reset(**kwargs)
        return self._extended(observation, info), info

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Step the environment; the counts are appended to its observation."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._extended(observation, info), reward, terminated, truncated, info

    @staticmethod
    def _extended(observation: Observation, info: dict[str, Any]) -> Observation:
        return np.append(observation, np.array([info[key] for key in ADDED], dtype=np.float32))
