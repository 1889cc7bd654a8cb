"""The Policy contract as tests: inherit ``PolicyContract``, say how your policy is made, and it must pass."""

from __future__ import annotations

import copy
import operator
from typing import Any

import numpy as np
import pytest

from autoscaling_env.actions import nearest_action
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.types import Observation


class PolicyContract:
    """Laws of every decision maker, whatever an environment's actions are.

    Attributes:
        actions: the kinds of actions that the policy can decide for.
    """

    actions: tuple[str, ...] = ("delta", "target")

    def make_policy(self) -> Policy:
        """Return a new policy for the reference deployment."""
        raise NotImplementedError

    @pytest.fixture(params=["delta", "target"])
    def env(self, request: pytest.FixtureRequest) -> OpenFaaSAutoscalingEnv:
        """Return the reference deployment, with each kind of actions."""
        if request.param not in self.actions:
            pytest.skip(f"does not decide for actions of the kind {request.param}")
        return OpenFaaSAutoscalingEnv(backend="simpy", max_steps=12, action=request.param)

    @staticmethod
    def play(env: OpenFaaSAutoscalingEnv, policy: Policy, seed: int) -> list[int]:
        """Return what the policy wants at each step of an episode."""
        policy.reset()
        observation, info = env.reset(options={"episode_seed": seed})
        wanted: list[int] = []
        ended = False
        while not ended:
            wanted.append(policy.decide(observation, info))
            action = nearest_action(wanted[-1], info)
            observation, _, terminated, truncated, info = env.step(action)
            ended = terminated or truncated
        return wanted

    def test_is_a_policy(self) -> None:
        """It has what the protocol asks for."""
        assert isinstance(self.make_policy(), Policy)

    def test_every_decision_is_a_count(self, env: OpenFaaSAutoscalingEnv) -> None:
        """It wants whole numbers of workers, and the environment has an action for each."""
        _, info = env.reset(options={"episode_seed": 3})
        for wanted in self.play(env, self.make_policy(), 3):
            assert operator.index(wanted) == wanted
            assert env.action_space.contains(np.int64(nearest_action(wanted, info)))

    def test_reset_forgets_the_episode_before(self, env: OpenFaaSAutoscalingEnv) -> None:
        """What it has played before changes nothing."""
        used, fresh = self.make_policy(), self.make_policy()
        self.play(env, used, 8)
        assert self.play(env, used, 4) == self.play(env, fresh, 4)

    def test_what_it_is_shown_is_only_read(self, env: OpenFaaSAutoscalingEnv) -> None:
        """It changes neither observation nor info."""
        policy = self.make_policy()
        policy.reset()
        observation, info = env.reset(options={"episode_seed": 5})
        seen: tuple[Observation, dict[str, Any]] = (observation.copy(), copy.deepcopy(info))
        policy.decide(observation, info)
        np.testing.assert_array_equal(observation, seen[0])
        assert info == seen[1]
