"""Actor and critic in torch: one flat tensor of weights, of which NumPy's actor is a view."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from agents.networks.weights import layers, parameter_count

#: Gain of the last layers at the start: the actor begins with all actions about equally probable.
ACTOR_GAIN, CRITIC_GAIN, HIDDEN_GAIN = 0.01, 1.0, 2**0.5


class Networks:
    """Two networks side by side, ReLU between layers.

    Args:
        hidden: widths of the hidden layers of each.
        inputs: numbers of an observation.
        actions: how many there are.
        rng: draws the first weights.
        device: where they are.

    Attributes:
        sizes: widths of the actor, from observation to logits.
        flat: float32[parameters], the actor's and then the critic's.
        actor: float32[parameters of the actor], a view.
    """

    def __init__(
        self, hidden: tuple[int, ...], inputs: int, actions: int, rng: np.random.Generator, device: str = "cpu"
    ) -> None:
        self.sizes, self._critic_sizes = (inputs, *hidden, actions), (inputs, *hidden, 1)
        self._split = parameter_count(self.sizes)
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        parts = [
            _orthogonal(sizes, gain, generator)
            for sizes, gain in ((self.sizes, ACTOR_GAIN), (self._critic_sizes, CRITIC_GAIN))
        ]
        self.flat = torch.cat(parts).to(device)

    @property
    def actor(self) -> Tensor:
        """The actor's part of ``flat``."""
        return self.flat[: self._split]

    def log_probabilities(self, flat: Tensor, seen: Tensor) -> Tensor:
        """Return float32[..., actions] for normalised float32[..., fields]."""
        return torch.log_softmax(_outputs(flat[: self._split], self.sizes, seen), dim=-1)

    def values(self, flat: Tensor, seen: Tensor) -> Tensor:
        """Return float32[...] for normalised float32[..., fields]."""
        return _outputs(flat[self._split :], self._critic_sizes, seen).squeeze(-1)


def _outputs(flat: Tensor, sizes: tuple[int, ...], seen: Tensor) -> Tensor:
    network: list[tuple[Any, Any]] = layers(flat, sizes)
    *hidden, (weights, biases) = network
    for hidden_weights, hidden_biases in hidden:
        seen = torch.relu(seen @ hidden_weights + hidden_biases)
    outputs: Tensor = seen @ weights + biases
    return outputs


def _orthogonal(sizes: tuple[int, ...], gain: float, generator: torch.Generator) -> Tensor:
    """Return float32[parameters]: weights orthogonal (Saxe, McClelland & Ganguli 2014), biases 0."""
    flat = torch.zeros(parameter_count(sizes))
    *hidden, (top, _) = layers(flat, sizes)
    for weights, _ in hidden:
        torch.nn.init.orthogonal_(weights, HIDDEN_GAIN, generator=generator)
    torch.nn.init.orthogonal_(top, gain, generator=generator)
    return flat
