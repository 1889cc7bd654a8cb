"""The fit: its gradient against differences, and that it finds what can be found."""

from __future__ import annotations

import numpy as np
import pytest

from agents.distilled.fit import Gradient, fitted, huber
from agents.networks.weights import initial_weights, layers, outputs
from tests.agents.farms import small_config

SIZES = (4, 9, 7, 3)


def drawn(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, SIZES[0])).astype(np.float32)


def test_the_gradient_is_what_differences_say() -> None:
    flat, inputs = initial_weights(SIZES, np.random.default_rng(1)), drawn(20)
    values = np.random.default_rng(2).normal(size=(20, 3)).astype(np.float32) * 0.3
    values[3, 1] = np.nan
    gradient = Gradient(flat, SIZES)
    gradient.run(huber(gradient.outputs(inputs), values)[1])

    def loss(weights: np.ndarray) -> float:
        network = [(each.astype(np.float64), bias.astype(np.float64)) for each, bias in layers(weights, SIZES)]
        found = np.stack([outputs(network, row.astype(np.float64)) for row in inputs])
        return huber(found, values.astype(np.float64))[0]

    for place in range(0, len(flat), 5):
        step = np.zeros(len(flat))
        step[place] = 1e-4
        slope = (loss(flat + step) - loss(flat - step)) / 2e-4
        assert gradient.flat[place] == pytest.approx(slope, abs=2e-4)


def test_what_nobody_knows_costs_nothing() -> None:
    outputs = np.array([[0.5, 3.0, 7.0]], dtype=np.float32)
    loss, slope = huber(outputs, np.array([[0.0, 0.0, np.nan]], dtype=np.float32))
    assert loss == pytest.approx(0.5 * 0.25 + 2.5)
    assert slope.tolist() == [[0.5, 1.0, 0.0]]


def test_it_finds_a_function_and_leaves_the_first_weights_alone() -> None:
    settings = small_config("agents.distilled.updates=2000", "agents.distilled.learning_rate=0.01").agents.distilled
    inputs = drawn(500)
    values = np.stack((inputs[:, 0], np.abs(inputs[:, 1]), inputs[:, 2] * (inputs[:, 3] > 0)), axis=1)
    first = initial_weights(SIZES, np.random.default_rng(0))
    before = first.copy()
    flat, loss = fitted(first, SIZES, inputs, values, settings, np.random.default_rng(0))
    assert first.tolist() == before.tolist()
    fresh = drawn(200, seed=5)
    told = np.stack([outputs(layers(flat, SIZES), row) for row in fresh])
    wanted = np.stack((fresh[:, 0], np.abs(fresh[:, 1]), fresh[:, 2] * (fresh[:, 3] > 0)), axis=1)
    assert loss < 0.03
    assert np.abs(told - wanted).mean() < 0.2
