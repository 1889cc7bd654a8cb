"""Actions drawn by a policy's probabilities; each episode has a generator of its own, whoever is played beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.networks.normaliser import Normaliser, features
from agents.networks.weights import Floats, layers, outputs_of

#: Noise is drawn for so many steps at once: part of what a seed means.
NOISE_BLOCK = 64


class Actor:
    """The policy of some weights in n episodes, in NumPy on their memory.

    An action is drawn by the Gumbel trick: the highest of logits with standard Gumbel noise (Maddison, Tarlow & Minka
    2014). Each row is to the bit what it would be alone, so that it does not matter how many are played at once.

    Args:
        flat: float32[parameters] of the actor; read whenever it acts.
        sizes: widths of its layers.
        normaliser: of its inputs.
    """

    def __init__(self, flat: Floats, sizes: tuple[int, ...], normaliser: Normaliser) -> None:
        self._network, self._actions, self._normaliser = layers(flat, sizes), sizes[-1], normaliser
        self._generators: list[np.random.Generator] = []
        self._step = 0

    def begin(self, seeds: NDArray[np.int64]) -> None:
        """Start n episodes, int64[n]: the seeds of their noise."""
        self._generators = [np.random.default_rng(seed) for seed in seeds.tolist()]
        self._step = 0

    def act(self, observations: Floats) -> NDArray[np.int64]:
        """Return int64[n] for float32[n, fields]."""
        place = self._step % NOISE_BLOCK
        if place == 0:
            shape = NOISE_BLOCK, self._actions
            self._noise = np.stack([each.gumbel(size=shape) for each in self._generators], axis=1)
        self._step += 1
        logits = outputs_of(self._network, self._normaliser(features(observations)))
        chosen: NDArray[np.int64] = np.argmax(logits + self._noise[place], axis=1)
        return chosen
