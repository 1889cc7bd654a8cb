"""A trained PPO in NumPy: the most probable action; runs without torch."""

from __future__ import annotations

from agents.checkpoint import Tensors
from agents.dqn.policy import DqnPolicy, Normaliser, decoded, parameter_count
from autoscaling_env.actions import Actions

#: Arrays of a checkpoint that are the policy (``agents.learned.NEEDED``).
ACTOR, SIZES = "ppo.actor", "ppo.sizes"


class PpoPolicy(DqnPolicy):
    """Takes the most probable action: as the action of highest value, for more probable is where the output is higher.

    The network has the same shape and sees the same as a ``DqnPolicy``'s; its outputs are logits.
    """


def load_ppo(tensors: Tensors, actions: Actions) -> PpoPolicy:
    """Return the policy of a checkpoint's arrays.

    Raises:
        KeyError: an array is missing.
        ValueError: the network does not fit its own widths.
    """
    sizes = tuple(int(size) for size in tensors[SIZES])
    if len(tensors[ACTOR]) != parameter_count(sizes):
        raise ValueError(f"{len(tensors[ACTOR])} weights for a network of {sizes}")
    normaliser = Normaliser(sizes[0])
    normaliser.load_state_dict(tensors)
    return PpoPolicy(tensors[ACTOR].copy(), sizes, normaliser, actions, decoded(tensors))
