"""What a network is given."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agents.networks.normaliser import Normaliser
from autoscaling_env.observation import FIELDS


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(0, 1000))
def test_running_normalisation_is_that_of_all_at_once(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    batches = [rng.normal(3, 2, size=(size, 9)).astype(np.float32) for size in sizes]
    running = Normaliser(len(FIELDS))
    for batch in batches:
        running.update(batch)
    everything = np.concatenate(batches).astype(np.float64)
    np.testing.assert_allclose(running.mean, everything.mean(axis=0))
    np.testing.assert_allclose(running.squares / running.count, everything.var(axis=0), atol=1e-9)
