"""Fits a network to labelled moments, in NumPy: a gradient that is written out, and Adam.

Kingma & Ba 2015 (Adam). A round's fit takes seconds, its labels minutes: torch would save nothing that anybody notices,
and this way distilling needs no more than looking ahead does. OpenBLAS makes products of a batch of 64 with layers of
64 on one core; four times as many it hands to several, which took thirty times as long on a busy machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from agents.networks.weights import Floats, layers
from autoscaling_env.config.learners import DistilledConfig

#: Adam's constants, as in the paper.
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
#: Largest norm of a gradient.
GRADIENT_CLIP = 1.0


class Adam:
    """Adam on a flat array."""

    def __init__(self, size: int) -> None:
        self._steps = 0
        self._mean, self._square = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)

    def step(self, parameters: Floats, gradient: Floats, rate: float) -> None:
        """Move ``parameters`` against ``gradient`` in place."""
        self._steps += 1
        self._mean += np.float32(1 - BETA_1) * (gradient - self._mean)
        self._square += np.float32(1 - BETA_2) * (gradient * gradient - self._square)
        correction = math.sqrt(1 - BETA_2**self._steps)
        rate = rate * correction / (1 - BETA_1**self._steps)
        parameters -= np.float32(rate) * self._mean / (np.sqrt(self._square) + np.float32(EPSILON * correction))


class Gradient:
    """The gradient of a loss at a network's outputs with respect to its weights.

    Attributes:
        flat: float32[parameters].
    """

    def __init__(self, flat: Floats, sizes: tuple[int, ...]) -> None:
        self.flat = np.zeros_like(flat)
        self._network, self._layers = layers(flat, sizes), layers(self.flat, sizes)

    def outputs(self, inputs: Floats) -> Floats:
        """Run the network on float32[n, features]; return float32[n, moves]."""
        self._active = [inputs]
        *hidden, (weights, biases) = self._network
        for each, bias in hidden:
            self._active.append(np.maximum(self._active[-1] @ each + bias, np.float32(0)))
        outputs: Floats = self._active[-1] @ weights + biases
        return outputs

    def run(self, slope: Floats) -> None:
        """Fill ``flat``, for the inputs of the last ``outputs``.

        Args:
            slope: float32[n, moves], how the loss changes with each output.
        """
        for index in range(len(self._network) - 1, -1, -1):
            (weights, _), (on_weights, on_biases) = self._network[index], self._layers[index]
            np.matmul(self._active[index].T, slope, out=on_weights)
            np.sum(slope, axis=0, out=on_biases)
            if index:
                slope = (slope @ weights.T) * (self._active[index] > 0)
        norm = math.sqrt(float(self.flat @ self.flat))
        if norm > GRADIENT_CLIP:
            self.flat *= np.float32(GRADIENT_CLIP / norm)


def fitted(
    flat: Floats,
    sizes: tuple[int, ...],
    inputs: Floats,
    values: Floats,
    settings: DistilledConfig,
    rng: np.random.Generator,
) -> tuple[Floats, float]:
    """Return weights that were fitted from ``flat`` on, and their loss over the last updates.

    Args:
        flat: float32[parameters], the weights to begin with; left as they are.
        sizes: widths of the network.
        inputs: float32[n, features], normalised.
        values: float32[n, moves], what each move is worth, NaN where nobody knows.
        settings: step size, updates, and how many moments there are in each.
        rng: draws them.
    """
    flat = flat.copy()
    gradient, adam, losses = Gradient(flat, sizes), Adam(len(flat)), []
    for update, rows in enumerate(_batches(len(inputs), settings, rng)):
        loss, slope = huber(gradient.outputs(inputs[rows]), values[rows])
        gradient.run(slope)
        adam.step(flat, gradient.flat, settings.learning_rate * (1 - update / settings.updates))
        losses.append(loss)
    last = losses[-max(1, len(losses) // 10) :]
    return flat, sum(last) / len(last)


def huber(outputs: Floats, values: Floats) -> tuple[float, Floats]:
    """Return the mean Huber loss (threshold 1) of float32[n, moves], and its slope; NaN costs nothing."""
    errors = np.nan_to_num(outputs - values, nan=0.0)
    clipped: Floats = np.clip(errors, np.float32(-1), np.float32(1))
    loss = float((clipped * (errors - np.float32(0.5) * clipped)).sum()) / len(outputs)
    slope: Floats = clipped / np.float32(len(outputs))
    return loss, slope


def _batches(moments: int, settings: DistilledConfig, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(settings.updates):
        yield rng.integers(moments, size=settings.batch_size)
