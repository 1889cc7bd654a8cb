"""What a network is given: logarithms of what is observed, of mean 0 and variance 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Tensors
from agents.networks.weights import Floats
from autoscaling_env.types import Observation

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
