"""A trained PPO in NumPy: the most probable action; runs without torch."""

from __future__ import annotations

from agents.checkpoint import Tensors
from agents.networks.policy import GreedyPolicy, restored
from agents.networks.weights import parameter_count
from autoscaling_env.actions import Actions

#: Arrays of a checkpoint that are the policy (``agents.learned.NEEDED``).
ACTOR, SIZES = "ppo.actor", "ppo.sizes"


def load_ppo(tensors: Tensors, actions: Actions) -> GreedyPolicy:
    """Return the policy of a checkpoint's arrays.

    Raises:
        KeyError: an array is missing.
        ValueError: the network does not fit its own widths.
    """
    sizes = tuple(int(size) for size in tensors[SIZES])
    if len(tensors[ACTOR]) != parameter_count(sizes):
        raise ValueError(f"{len(tensors[ACTOR])} weights for a network of {sizes}")
    return restored(tensors[ACTOR], sizes, tensors, actions)
