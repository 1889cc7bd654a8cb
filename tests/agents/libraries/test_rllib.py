"""RLlib trains on the environment by its id, many at once by the native vector environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import pytest

from autoscaling_env import ENV_ID

ppo = pytest.importorskip("ray.rllib.algorithms.ppo", reason="RLlib is not installed: pip install 'ray[rllib]'")

pytestmark = pytest.mark.slow


@pytest.mark.filterwarnings("ignore")  # theirs, of their own parts
def test_it_trains() -> None:
    config: Any = (
        ppo.PPOConfig()
        .environment(ENV_ID, env_config={"max_steps": 6})
        .env_runners(num_env_runners=0, num_envs_per_env_runner=4, gym_env_vectorize_mode="vector_entry_point")
        .training(train_batch_size_per_learner=48, minibatch_size=24, num_epochs=1)
    )
    algorithm = config.build_algo()
    try:
        found = algorithm.train()
    finally:
        algorithm.stop()
    assert found["env_runners"]["num_env_steps_sampled"] >= 48
    assert found["env_runners"]["episode_len_max"] <= 6
    assert isinstance(gymnasium.make(ENV_ID, max_steps=6), gymnasium.Env)
