"""A trained Double DQN: the action of highest value; runs without torch."""

from __future__ import annotations

from agents.checkpoint import Tensors
from agents.networks.policy import GreedyPolicy, restored
from autoscaling_env.actions import Actions


def load_dqn(tensors: Tensors, actions: Actions) -> GreedyPolicy:
    """Return the policy of a checkpoint's arrays."""
    return restored(tensors["target"], tuple(int(size) for size in tensors["sizes"]), tensors, actions)
