"""TorchRL takes the environment by its own wrapper, a single one and the native vector environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import pytest

from autoscaling_env import ENV_ID
from tests.agents.farms import small_config

envs = pytest.importorskip("torchrl.envs", reason="TorchRL is not installed: pip install torchrl")

pytestmark = pytest.mark.slow


def test_its_checker_has_nothing_to_say() -> None:
    from torchrl.envs.utils import check_env_specs

    check_env_specs(envs.GymWrapper(gymnasium.make(ENV_ID, config=small_config())))


def test_a_rollout_has_what_the_environment_gives() -> None:
    ours = gymnasium.make(ENV_ID, config=small_config())
    theirs: Any = envs.GymWrapper(gymnasium.make(ENV_ID, config=small_config()), categorical_action_encoding=True)
    theirs.set_seed(3)
    rolled = theirs.rollout(20)
    ours.reset(seed=3)  # theirs resets when it is seeded, and again for the rollout
    observation, _ = ours.reset()
    for step in rolled:
        assert (step["observation"].numpy() == observation).all()
        observation, reward, terminated, truncated, _ = ours.step(int(step["action"]))
        after = step["next"]
        assert (after["observation"].numpy() == observation).all()
        assert after["reward"].item() == pytest.approx(reward)
        assert (after["terminated"].item(), after["truncated"].item()) == (terminated, truncated)
    assert terminated or truncated


def test_many_farms_are_one_environment_of_theirs() -> None:
    """TorchRL starts over itself: the native vector environment lets it."""
    many = gymnasium.make_vec(ENV_ID, 4, autoreset_mode="Disabled", config=small_config())
    theirs: Any = envs.GymWrapper(many)
    rolled = theirs.rollout(20, break_when_any_done=False)
    assert rolled.batch_size == (4, 20)
    assert rolled["next", "done"].sum() >= 4 * 3  # episodes of at most six steps
