"""The Policy contract as tests: inherit ``PolicyContract``, say how your policy is made, and it must pass."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.types import Observation


class PolicyContract:
    """Laws of every decision maker."""

    def make_policy(self) -> Policy:
        """Return a new policy for the reference deployment."""
        raise NotImplementedError

    @pytest.fixture
    def env(self) -> OpenFaaSAutoscalingEnv:
        return OpenFaaSAutoscalingEnv(backend="simpy", max_steps=12)

    @staticmethod
    def play(env: OpenFaaSAutoscalingEnv, policy: Policy, seed: int) -> list[int]:
        policy.reset()
        observation, info = env.reset(options={"episode_seed": seed})
        actions: list[int] = []
        ended = False
        while not ended:
            actions.append(policy.act(observation, info))
            observation, _, terminated, truncated, info = env.step(actions[-1])
            ended = terminated or truncated
        return actions

    def test_is_a_policy(self) -> None:
        assert isinstance(self.make_policy(), Policy)

    def test_every_action_is_one_the_environment_has(self, env: OpenFaaSAutoscalingEnv) -> None:
        actions = self.play(env, self.make_policy(), 3)
        assert all(env.action_space.contains(np.int64(action)) for action in actions)

    def test_reset_forgets_the_episode_before(self, env: OpenFaaSAutoscalingEnv) -> None:
        used, fresh = self.make_policy(), self.make_policy()
        self.play(env, used, 8)
        assert self.play(env, used, 4) == self.play(env, fresh, 4)

    def test_what_it_is_shown_is_only_read(self, env: OpenFaaSAutoscalingEnv) -> None:
        policy = self.make_policy()
        policy.reset()
        observation, info = env.reset(options={"episode_seed": 5})
        seen: tuple[Observation, dict[str, Any]] = (observation.copy(), copy.deepcopy(info))
        policy.act(observation, info)
        np.testing.assert_array_equal(observation, seen[0])
        assert info == seen[1]
