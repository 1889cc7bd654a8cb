"""What the benchmarks of training share: models trained with settings, and what they earn in episodes named by seed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agents.learned import LearnedPolicy, load_policy
from agents.simultaneous import Simultaneous
from autoscaling_env.config import Config
from autoscaling_env.rng import episode_seeds
from autoscaling_env.types import FloatArray
from experiments import Setup, train
from simulator.vector_env import AutoscalingVectorEnv

#: Of the DQN as published (docs/results.md), PPO's as configured; SARSA's are short.
EPISODES = {"sarsa": 1000, "dqn": 300, "ppo": 2000}
#: Environments at once; a DQN's updates do not depend on them.
ENVS = 8
#: Test episodes played at once.
AT_ONCE = 64


def trained(agent: str, scenario: str, seed: int, episodes: int | None, settings: Mapping[str, Any]) -> LearnedPolicy:
    """Return the last policy of a training; choosing a checkpoint would look at episodes beyond the levels."""
    count = episodes or EPISODES[agent]
    chosen = {f"agents.{agent}.episodes": count, "agents.training.envs": ENVS, "agents.training.eval_episodes": 0}
    with tempfile.TemporaryDirectory() as root:
        setup = Setup(scenario=scenario, settings={**chosen, **settings}, seed=seed)
        return load_policy(train(agent, setup, output_dir=Path(root)).result.model)


def played(config: Config, policy: LearnedPolicy, seeds: Sequence[int]) -> FloatArray:
    """Return float64[n]: what a policy earns in each of the episodes of these seeds."""
    env, returns = AutoscalingVectorEnv(min(len(seeds), AT_ONCE), config=config), list[float]()
    for first in range(0, len(seeds), env.num_envs):
        episodes = Simultaneous(env, seeds[first : first + env.num_envs])
        while episodes.playing.any():
            episodes.step(policy.act_batch(episodes.observations, episodes.infos))
        returns += [one.total_reward for one in episodes.summaries()]
    return np.array(returns)


def unseen(seed: int, count: int) -> tuple[int, ...]:
    """Return the seeds of test episodes."""
    return episode_seeds(seed, count)


def spread(values: Sequence[float] | FloatArray) -> str:
    """Return mean ± standard deviation over training seeds."""
    array = np.asarray(values)
    return f"{array.mean():.1f} ± {array.std(ddof=1):.1f}" if len(array) > 1 else f"{array.mean():.1f}"
