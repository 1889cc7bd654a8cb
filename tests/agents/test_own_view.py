"""Agents where the observation is a list of the user's: what they take, what they refuse, and that they say so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.dqn.policy import load_dqn
from agents.learner import Learner
from agents.ppo.policy import load_ppo
from agents.reactive import Reactive
from agents.sarsa import SarsaLearner
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config, load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, ModelError
from autoscaling_env.records import StepLog
from autoscaling_env.rollout import play_episode

pytest.importorskip("torch")
from agents.dqn.agent import DqnLearner
from agents.ppo.agent import PpoLearner

#: Learners that take any list, and what loads their policies.
TAKE_ANY = pytest.mark.parametrize(("kind", "load"), [(DqnLearner, load_dqn), (PpoLearner, load_ppo)])

OWN = "environment.observation=[worker_queue, {field: arrival_rate, history: 3}, applied_delta, workers_starting]"
OTHER = "environment.observation=[worker_queue, {field: arrival_rate, history: 3}, applied_delta, workers_ready]"


def of(*assignments: str) -> tuple[Config, OpenFaaSAutoscalingEnv]:
    config = load_config(assignments=assignments)
    return config, OpenFaaSAutoscalingEnv(config=config, backend="simpy")


def trained(kind: Any, config: Config, env: OpenFaaSAutoscalingEnv) -> Learner:
    learner, alone = kind(config, 0), np.ones(1, dtype=bool)
    observation, _ = env.reset(seed=1)
    (action,) = learner.begin(observation[None])
    for _ in range(30):
        observation, reward, *ends, _ = env.step(action)
        terminated, truncated = (np.array([end]) for end in ends)
        (action,) = learner.step(np.array([float(reward)]), observation[None], terminated, truncated, alone)
    learner.end()
    return learner


@TAKE_ANY
def test_a_network_learns_from_it_and_plays_where_it_is_shown(kind: Any, load: Any) -> None:
    config, env = of(OWN)
    learner = trained(kind, config, env)
    tensors, _ = learner.state_dict()
    policy, loaded = learner.policy(), load(tensors, Actions.of(config))
    observation, info = env.reset(seed=2)
    assert policy.act(observation, info) == loaded.act(observation, info)
    for other in (OTHER, "environment.max_steps=30"):
        with pytest.raises(
            ModelError, match=r"trained to see worker_queue, arrival_rate\[-2\].*; the environment shows"
        ):
            loaded.act(*of(other)[1].reset(seed=2))


@TAKE_ANY
def test_what_was_trained_on_the_standard_plays_anywhere(kind: Any, load: Any) -> None:
    config, env = of()
    tensors, _ = trained(kind, config, env).state_dict()
    assert not any(name.startswith("observation") for name in tensors)
    policy = load(tensors, Actions.of(config))
    assert policy.act(*env.reset(seed=2)) == policy.act(*of(OWN)[1].reset(seed=2))


def test_sarsa_says_that_it_cannot() -> None:
    with pytest.raises(InputError, match=r"environment\.observation: sarsa learns from the standard"):
        SarsaLearner(of(OWN)[0], 0)


def test_rules_and_records_are_the_same_whatever_is_seen() -> None:
    def played(*assignments: str) -> tuple[Any, Any]:
        config, env = of(*assignments)
        log = StepLog(config.reward.objective)
        rule = Reactive(config.agents.reactive, use_maximum=False)
        return play_episode(env, rule, agent="average", episode=0, episode_seed=5, log=log).summary, log.frame()

    (one, steps), (other, others) = played(), played(OWN)
    assert one == other
    assert steps.equals(others)
