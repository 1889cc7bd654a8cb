"""The policy of a network that has an output for each action."""

from __future__ import annotations

from agents.checkpoint import Tensors
from agents.exploration import calmest_best
from agents.networks.normaliser import Normaliser, features
from agents.networks.view import decoded, trained_view
from agents.networks.weights import Floats, layers, outputs, outputs_of
from autoscaling_env.actions import Actions
from autoscaling_env.observation import FIELDS, standard
from autoscaling_env.schema import SEEN_FIELDS
from autoscaling_env.types import Info, Observation

WORKERS = FIELDS.index("workers")


class GreedyPolicy:
    """Takes the action of highest output: of highest value, or most probable where outputs are logits.

    Args:
        flat: the network's parameters.
        sizes: of its layers.
        normaliser: of its inputs.
        actions: of the environment it was trained in.
        fields: names of what it saw there; none: the standard observation.
    """

    def __init__(
        self,
        flat: Floats,
        sizes: tuple[int, ...],
        normaliser: Normaliser,
        actions: Actions,
        fields: tuple[str, ...] = (),
    ) -> None:
        self._network, self._fields = layers(flat, sizes), fields
        self._normaliser = normaliser
        self._actions = actions

    def reset(self) -> None:
        """Nothing to forget: the network does not change."""

    def act(self, observation: Observation, info: Info) -> int:
        """Run the network."""
        seen = trained_view(self._fields, observation, info, info.get(SEEN_FIELDS.name))
        values = outputs(self._network, self._normaliser(features(seen)))
        return calmest_best(values.tolist(), self._actions.changes(int(standard(observation, info)[WORKERS])))

    def act_batch(self, observations: Floats, infos: Info) -> list[int]:
        """Run the network on all rows."""
        seen = trained_view(self._fields, observations, infos, infos.get(SEEN_FIELDS.name, (None,))[0])
        values = outputs_of(self._network, self._normaliser(features(seen)))
        workers = standard(observations, infos)[:, WORKERS].tolist()
        return [
            calmest_best(row, self._actions.changes(int(count)))
            for row, count in zip(values.tolist(), workers, strict=True)
        ]


def restored(flat: Floats, sizes: tuple[int, ...], tensors: Tensors, actions: Actions) -> GreedyPolicy:
    """Return the policy of a checkpoint's arrays, of which ``flat`` are the network's parameters."""
    normaliser = Normaliser(sizes[0])
    normaliser.load_state_dict(tensors)
    return GreedyPolicy(flat.copy(), sizes, normaliser, actions, decoded(tensors))
