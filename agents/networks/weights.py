"""Fully connected layers in one flat array: their widths, their weights, what they make of an input."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.observation import FIELDS

Floats = NDArray[np.float32]


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


def outputs(network: list[tuple[Floats, Floats]], normalised: Floats) -> Floats:
    """Return the last layer's float32[actions] for float32[inputs], ReLU between layers: values, or logits."""
    *hidden, (weights, biases) = network
    for hidden_weights, hidden_biases in hidden:
        normalised = np.maximum(normalised @ hidden_weights + hidden_biases, np.float32(0))
    last: Floats = normalised @ weights + biases
    return last


def outputs_of(network: list[tuple[Floats, Floats]], normalised: Floats) -> Floats:
    """Return float32[n, actions] for float32[n, inputs], each row to the bit what ``outputs`` makes of it.

    A stack of one-row products: a single product of all rows would add up in another order.
    """
    rows: Floats = outputs(network, normalised[:, None, :])[:, 0]
    return rows
