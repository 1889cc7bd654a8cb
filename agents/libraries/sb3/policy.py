"""A policy that stable-baselines3 trained, greedy and in NumPy; runs without torch and without that library."""

from __future__ import annotations

import numpy as np

from agents.checkpoint import Checkpoint
from agents.libraries.sb3.network import Network
from agents.networks.view import decoded, trained_view
from agents.networks.weights import Floats
from autoscaling_env.errors import ModelError
from autoscaling_env.schema import SEEN_FIELDS
from autoscaling_env.types import Info, Observation

#: What a model file's ``agent`` begins with; the algorithm follows.
PREFIX = "sb3-"
#: Algorithms whose policies are read: what a network is of is told by its arrays.
ALGORITHMS = ("ppo", "a2c", "trpo", "dqn", "qrdqn", "recurrentppo")


class Sb3Policy:
    """Takes the action of highest value or probability, or the first of them; a recurrent one remembers its episode.

    Args:
        network: what it acts by.
        fields: names of what it was trained to see; none: the standard observation.
    """

    def __init__(self, network: Network, fields: tuple[str, ...] = ()) -> None:
        self._network, self._fields = network, fields
        self.reset()

    def reset(self) -> None:
        """Forget the episode."""
        self._memory = self._network.fresh_memory(1)

    def act(self, observation: Observation, info: Info) -> int:
        """Run the network."""
        seen = self._seen(observation, info, info.get(SEEN_FIELDS.name))
        return int(self._network.choose(seen[None], self._memory)[0])

    def act_batch(self, observations: Floats, infos: Info) -> list[int]:
        """Run the network for every row; the n-th row is always of the same farm, whose episode begins at step 0."""
        shown, rows = infos.get(SEEN_FIELDS.name, (None,))[0], len(observations)
        observations = self._seen(observations, infos, shown)
        if len(self._memory) < rows:
            more = self._network.fresh_memory(rows - len(self._memory))
            self._memory = np.concatenate((self._memory, more))
        self._memory[:rows][np.asarray(infos["step"][:rows]) == 0] = 0
        actions: list[int] = self._network.choose(observations, self._memory[:rows]).tolist()
        return actions

    def _seen(self, observation: Floats, info: Info, shown: tuple[str, ...] | None) -> Floats:
        """Return what the network was trained on."""
        seen = trained_view(self._fields, observation, info, shown)
        if seen.shape[-1] != self._network.inputs:
            told = f"an observation of {observation.shape[-1]} numbers"
            raise ModelError(f"{told}: the model was trained on {self._network.inputs}; observe what it was trained on")
        return seen


def load_sb3(checkpoint: Checkpoint) -> Sb3Policy:
    """Return the policy of a model file."""
    network = Network.of(checkpoint.tensors, checkpoint.header.state["network"])
    return Sb3Policy(network, decoded(checkpoint.tensors))
