"""The networks that stable-baselines3's policies act by, in NumPy: what they are made of, and their forward pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Tensors
from agents.networks.weights import Floats

#: Between layers, by their names in torch.
ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "Tanh": np.tanh,
    "ReLU": lambda x: np.maximum(x, np.float32(0)),
    "LeakyReLU": lambda x: np.where(x > 0, x, np.float32(0.01) * x),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, np.float32(0)))),
    "SiLU": lambda x: x * _sigmoid(x),
}


@dataclass(frozen=True, slots=True)
class Scaling:
    """What ``VecNormalize`` makes of an observation.

    Attributes:
        mean, variance: float64[fields].
        clip: the largest value that comes out, and the smallest.
        epsilon: added to the variance.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    clip: float
    epsilon: float

    def __call__(self, observations: Floats) -> Floats:
        """Return float32[..., fields]."""
        scaled = (observations - self.mean) / np.sqrt(self.variance + self.epsilon)
        return np.clip(scaled, -self.clip, self.clip).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Network:
    """What a greedy policy acts by.

    Attributes:
        activation: between layers, one of ``ACTIVATIONS``.
        layers: (weights float32[in, out], biases float32[out]) of each.
        lstm: (input weights float32[in, 4 hidden], hidden weights float32[hidden, 4 hidden], biases float32[4 hidden])
            of each recurrent layer before them; gates in torch's order.
        quantiles: values of each action whose mean counts; the last layer has ``quantiles * actions`` outputs.
        scaling: of observations; None: they come as they are.
    """

    activation: str
    layers: tuple[tuple[Floats, Floats], ...]
    lstm: tuple[tuple[Floats, Floats, Floats], ...] = ()
    quantiles: int = 1
    scaling: Scaling | None = None

    @property
    def inputs(self) -> int:
        """Numbers in an observation."""
        return len(self.lstm[0][0] if self.lstm else self.layers[0][0])

    @property
    def actions(self) -> int:
        """Actions it chooses among."""
        return len(self.layers[-1][1]) // self.quantiles

    def fresh_memory(self, rows: int) -> Floats:
        """Return what is remembered at the start of an episode: float32[rows, recurrent layers, 2, hidden]."""
        hidden = len(self.lstm[0][1]) if self.lstm else 0
        return np.zeros((rows, len(self.lstm), 2, hidden), dtype=np.float32)

    def choose(self, observations: Floats, memory: Floats) -> NDArray[np.int64]:
        """Return the greedy actions int[n] for float32[n, fields]; ``memory`` of these rows goes on in place.

        Every row to the bit as if it were alone: a stack of one-row products.
        """
        values = observations if self.scaling is None else self.scaling(observations)
        values = values[:, None, :]
        for place, recurrent in enumerate(self.lstm):
            values = _recur(values, memory[:, place], *recurrent)
        activation = ACTIVATIONS[self.activation]
        *hidden, (weights, biases) = self.layers
        for hidden_weights, hidden_biases in hidden:
            values = activation(values @ hidden_weights + hidden_biases)
        values = (values @ weights + biases)[:, 0]
        if self.quantiles > 1:
            values = values.reshape(len(values), self.quantiles, self.actions).mean(axis=1)
        best: NDArray[np.int64] = values.argmax(axis=1)
        return best

    def tensors(self) -> Tensors:
        """Return the arrays that ``of`` takes."""
        tensors: Tensors = {}
        for place, (weights, biases) in enumerate(self.layers):
            tensors |= {f"sb3.{place}.weights": weights, f"sb3.{place}.biases": biases}
        for place, (of_input, of_hidden, biases) in enumerate(self.lstm):
            named = {"input": of_input, "hidden": of_hidden, "biases": biases}
            tensors |= {f"sb3.lstm.{place}.{name}": array for name, array in named.items()}
        if self.scaling is not None:
            tensors |= {"sb3.scaling.mean": self.scaling.mean, "sb3.scaling.variance": self.scaling.variance}
        return tensors

    def facts(self) -> dict[str, Any]:
        """Return the rest of what ``of`` takes, plain JSON."""
        scaling = None if self.scaling is None else {"clip": self.scaling.clip, "epsilon": self.scaling.epsilon}
        return {
            "activation": self.activation,
            "layers": len(self.layers),
            "lstm_layers": len(self.lstm),
            "quantiles": self.quantiles,
            "scaling": scaling,
        }

    @classmethod
    def of(cls, tensors: Tensors, facts: dict[str, Any]) -> Network:
        """Return the network that ``tensors`` and ``facts`` were taken from.

        Raises:
            KeyError: an array or a fact is missing.
            ValueError: an activation that is not known, or arrays that do not fit together.
        """
        if facts["activation"] not in ACTIVATIONS:
            raise ValueError(f"activation {facts['activation']}; choose from {', '.join(ACTIVATIONS)}")
        layers = [(tensors[f"sb3.{n}.weights"], tensors[f"sb3.{n}.biases"]) for n in range(facts["layers"])]
        lstm = [
            (tensors[f"sb3.lstm.{n}.input"], tensors[f"sb3.lstm.{n}.hidden"], tensors[f"sb3.lstm.{n}.biases"])
            for n in range(facts["lstm_layers"])
        ]
        scaling = None
        if facts["scaling"] is not None:
            scaling = Scaling(tensors["sb3.scaling.mean"], tensors["sb3.scaling.variance"], **facts["scaling"])
        network = cls(facts["activation"], tuple(layers), tuple(lstm), facts["quantiles"], scaling)
        network.choose(np.zeros((1, network.inputs), dtype=np.float32), network.fresh_memory(1))
        return network


def _recur(values: Floats, memory: Floats, of_input: Floats, of_hidden: Floats, biases: Floats) -> Floats:
    """Return a step of a recurrent layer, float32[n, 1, hidden]; ``memory``, float32[n, 2, hidden], goes on."""
    hidden, cell = memory[:, 0], memory[:, 1]
    gates = (values @ of_input + hidden[:, None, :] @ of_hidden + biases)[:, 0]
    entering, forgetting, new, leaving = np.split(gates, 4, axis=1)
    memory[:, 1] = _sigmoid(forgetting) * cell + _sigmoid(entering) * np.tanh(new)
    memory[:, 0] = _sigmoid(leaving) * np.tanh(memory[:, 1])
    output: Floats = memory[:, None, 0].copy()
    return output


def _sigmoid(x: Floats) -> Floats:
    half = np.float32(0.5)
    found: Floats = half * (np.tanh(half * x) + np.float32(1))
    return found
