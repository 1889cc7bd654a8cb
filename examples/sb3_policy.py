"""Any object with the Policy protocol can be compared: here a DQN of stable-baselines3.

    python examples/sb3_policy.py train sb3_dqn.zip
    cd examples && SB3_MODEL=../sb3_dqn.zip autoscale compare --agents static-15 --model sb3_policy:make

stable-baselines3 stores models as pickles: load only those you made yourself. It trains on the environment as it is.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import gymnasium
import numpy as np
from stable_baselines3 import DQN

from autoscaling_env import ENV_ID  # importing the package registers the environment


class Sb3Policy:
    """What ``autoscale compare --model module:factory`` asks for: ``reset`` and ``act``."""

    def __init__(self, model: DQN) -> None:
        self._model = model

    def reset(self) -> None:
        """Nothing to forget."""

    def act(self, observation: np.ndarray[Any, np.dtype[np.float32]], info: dict[str, Any]) -> int:
        """Return the action of highest value."""
        action, _ = self._model.predict(observation, deterministic=True)
        return int(action)


def make() -> Sb3Policy:
    """Return the policy of the model file named by the environment variable ``SB3_MODEL``."""
    return Sb3Policy(DQN.load(os.environ.get("SB3_MODEL", "sb3_dqn.zip"), device="cpu"))


def train(path: str, steps: int = 20_000) -> None:
    """Train with a discount and network like ours, and save the model."""
    env = gymnasium.make(ENV_ID)
    model = DQN(
        "MlpPolicy",
        env,
        seed=0,
        gamma=0.9,
        learning_starts=500,
        train_freq=1,
        target_update_interval=500,
        exploration_fraction=0.5,
        device="cpu",
    )
    model.learn(steps)
    model.save(path)


if __name__ == "__main__":
    if sys.argv[1:2] != ["train"] or len(sys.argv) != 3:
        sys.exit("usage: python examples/sb3_policy.py train FILE.zip")
    train(sys.argv[2])
