"""A trained Double DQN in NumPy: what it sees, its forward pass, and the policy; runs without torch."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Tensors
from agents.exploration import calmest_best
from autoscaling_env.actions import Actions
from autoscaling_env.errors import ModelError
from autoscaling_env.observation import FIELDS, standard
from autoscaling_env.schema import SEEN_FIELDS
from autoscaling_env.types import Info, Observation

Floats = NDArray[np.float32]
WORKERS = FIELDS.index("workers")
#: A checkpoint's array: the names of what the model sees, where that is not the standard observation.
OBSERVATION = "observation.fields"

#: Normalised features are clipped to this many standard deviations.
CLIP = np.float32(5)
#: A feature that hardly varied in training is not blown up.
LEAST_STD = 1e-2


def features(observation: Observation) -> Floats:
    """Return log(1 + x): queues and rates span decades, and the nine observations are >= 0; of x < 0, -log(1 - x)."""
    if observation.min(initial=0.0) >= 0:
        return np.log1p(observation)
    signed: Floats = np.sign(observation) * np.log1p(np.abs(observation))
    return signed


class Normaliser:
    """Running mean and variance of features, by batches (Chan, Golub & LeVeque 1983)."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self.mean = np.zeros(size)
        self.squares = np.zeros(size)
        self._refresh()

    def update(self, batch: Floats) -> None:
        """Take in float32[n, size], n >= 1."""
        mean = batch.mean(axis=0, dtype=np.float64)
        self.merge(len(batch), mean, ((batch - mean) ** 2).sum(axis=0))

    def merge(self, number: int, mean: NDArray[np.float64], squares: NDArray[np.float64]) -> None:
        """Take in ``number`` >= 1 values by their mean and sum of squared deviations, float64[size] each."""
        total, shift = self.count + number, mean - self.mean
        self.squares += squares + shift**2 * (self.count * number / total)
        self.mean = self.mean + shift * (number / total)
        self.count = total
        self._refresh()

    def __call__(self, values: Floats) -> Floats:
        """Return float32 features of mean 0 and variance 1, clipped."""
        scaled: Floats = (values - self.offset) * self.scale
        np.minimum(scaled, CLIP, out=scaled)
        return np.maximum(scaled, -CLIP, out=scaled)

    def copy(self) -> Normaliser:
        """Return one of its own that is the same now."""
        copy = Normaliser(len(self.mean))
        copy.load_state_dict(self.state_dict())
        return copy

    def state_dict(self) -> Tensors:
        """Return the arrays ``load_state_dict`` takes."""
        return {
            "normaliser.count": np.array([self.count], dtype=np.int64),
            "normaliser.mean": self.mean,
            "normaliser.squares": self.squares,
        }

    def load_state_dict(self, tensors: Tensors) -> None:
        """Become the normaliser that ``state_dict`` was taken from."""
        self.count = int(tensors["normaliser.count"][0])
        self.mean = tensors["normaliser.mean"].copy()
        self.squares = tensors["normaliser.squares"].copy()
        self._refresh()

    def _refresh(self) -> None:
        variance = self.squares / self.count if self.count else np.ones_like(self.mean)
        self.offset = self.mean.astype(np.float32)
        self.scale = (1 / np.maximum(np.sqrt(variance), LEAST_STD)).astype(np.float32)


def layer_sizes(hidden_layers: tuple[int, ...], actions: int, inputs: int = len(FIELDS)) -> tuple[int, ...]:
    """Return the widths from observation to action values."""
    return (inputs, *hidden_layers, actions)


def parameter_count(sizes: tuple[int, ...]) -> int:
    """Return how many weights and biases a network of these widths has."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))


def layers(flat: Any, sizes: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """Return (weights[in, out], biases[out]) of each layer as views into one flat array or tensor."""
    views, start = [], 0
    for fan_in, fan_out in pairwise(sizes):
        end = start + fan_in * fan_out
        views.append((flat[start:end].reshape(fan_in, fan_out), flat[end : end + fan_out]))
        start = end + fan_out
    return views


def initial_weights(sizes: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return float32[parameters]: each layer uniform on +-1/sqrt(fan-in), as torch's own Linear."""
    flat = np.empty(parameter_count(sizes), dtype=np.float32)
    for weights, biases in layers(flat, sizes):
        bound = 1 / math.sqrt(len(weights))
        weights[:] = rng.uniform(-bound, bound, weights.shape)
        biases[:] = rng.uniform(-bound, bound, biases.shape)
    return flat


def action_values(network: list[tuple[Floats, Floats]], normalised: Floats) -> Floats:
    """Return the value of each action: float32[actions] for float32[9], ReLU between layers."""
    *hidden, (weights, biases) = network
    for hidden_weights, hidden_biases in hidden:
        normalised = np.maximum(normalised @ hidden_weights + hidden_biases, np.float32(0))
    values: Floats = normalised @ weights + biases
    return values


def action_values_of(network: list[tuple[Floats, Floats]], normalised: Floats) -> Floats:
    """Return float32[n, actions] for float32[n, 9], each row to the bit what ``action_values`` makes of it.

    A stack of one-row products: a single product of all rows would add up in another order.
    """
    values: Floats = action_values(network, normalised[:, None, :])[:, 0]
    return values


class DqnPolicy:
    """Takes the action of highest value.

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
        values = action_values(self._network, self._normaliser(features(seen)))
        return calmest_best(values.tolist(), self._actions.changes(int(standard(observation, info)[WORKERS])))

    def act_batch(self, observations: Floats, infos: Info) -> list[int]:
        """Run the network on all rows."""
        seen = trained_view(self._fields, observations, infos, infos.get(SEEN_FIELDS.name, (None,))[0])
        values = action_values_of(self._network, self._normaliser(features(seen)))
        workers = standard(observations, infos)[:, WORKERS].tolist()
        return [
            calmest_best(row, self._actions.changes(int(count)))
            for row, count in zip(values.tolist(), workers, strict=True)
        ]


def trained_view(fields: tuple[str, ...], observation: Floats, info: Info, shown: tuple[str, ...] | None) -> Floats:
    """Return what a model was trained to see; of many rows, too.

    Args:
        fields: names of what it was trained to see; none: the standard observation.
        observation: float32[..., o], what the environment shows.
        info: of the environment, with the standard observation where something else is shown.
        shown: names of what the environment shows; None: the standard observation.

    Raises:
        ModelError: the environment shows something else.
    """
    if not fields:
        return standard(observation, info)
    if shown is None or tuple(shown) != fields:
        names = ", ".join(shown or FIELDS)
        raise ModelError(f"the model was trained to see {', '.join(fields)}; the environment shows {names}")
    return observation


def encoded(fields: tuple[str, ...]) -> Tensors:
    """Return names as a checkpoint keeps them; nothing of none."""
    return {OBSERVATION: np.frombuffer("\n".join(fields).encode(), dtype=np.uint8)} if fields else {}


def decoded(tensors: Tensors) -> tuple[str, ...]:
    """Return the names that ``encoded`` kept; none: the standard observation."""
    names = bytes(tensors.get(OBSERVATION, np.zeros(0, dtype=np.uint8))).decode()
    return tuple(names.split("\n")) if names else ()


def load_dqn(tensors: Tensors, actions: Actions) -> DqnPolicy:
    """Return the policy of a checkpoint's arrays."""
    sizes = tuple(int(size) for size in tensors["sizes"])
    normaliser = Normaliser(sizes[0])
    normaliser.load_state_dict(tensors)
    return DqnPolicy(tensors["target"].copy(), sizes, normaliser, actions, decoded(tensors))
