"""Streams seeded and drawn from in place are NumPy's, whatever is drawn from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env.rng import STREAMS, stream
from simulator.compiled import streams
from simulator.compiled.streams import Streams

STREAMS_IN_PLACE = Streams()
SEEDS = np.array([0, 1, 5, 2**32 - 1, 2**32, 2**53 - 1])


@given(seed=st.one_of(st.integers(0, 2**53), st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**53 - 1])))
@pytest.mark.parametrize("name", STREAMS)
def test_same_state_as_numpy_s(name: str, seed: int) -> None:
    mine, other = STREAMS_IN_PLACE.get(seed, name), stream(seed, name)
    assert mine.bit_generator.state == other.bit_generator.state
    assert mine.standard_gamma(2.5, 5).tolist() == other.standard_gamma(2.5, 5).tolist()


def test_nothing_is_left_over_from_the_stream_before() -> None:
    STREAMS_IN_PLACE.get(1, "startup").integers(7, dtype=np.int32)  # keeps half a word
    mine, other = STREAMS_IN_PLACE.get(2, "startup"), stream(2, "startup")
    assert mine.integers(7, size=3, dtype=np.int32).tolist() == other.integers(7, size=3, dtype=np.int32).tolist()


def various(rng: np.random.Generator) -> list[Any]:
    """Draw everything distributions draw, twice: what is kept between two draws counts as well."""
    return [
        drawn
        for _ in range(2)
        for drawn in (
            rng.random(50),
            rng.standard_gamma(4.0, 50),
            rng.standard_gamma(0.5, 9),
            rng.integers(7, size=3, dtype=np.int32),
            rng.standard_exponential(9),
            rng.lognormal(0.1, 2.0, 9),
            rng.random(1),
        )
    ]


@pytest.mark.parametrize("compiled", [True, False])
def test_many_seeds_at_once_are_each_its_own_stream(monkeypatch: pytest.MonkeyPatch, *, compiled: bool) -> None:
    if not compiled:
        monkeypatch.setattr(streams, "draws_as_numpy", lambda: False)
    rows = various(Streams().of(SEEDS)("service"))
    for place, seed in enumerate(SEEDS.tolist()):
        for mine, other in zip(rows, various(stream(seed, "service")), strict=True):
            assert mine[place].tobytes() == other.tobytes()


@pytest.mark.parametrize("shape", [1.0000001, 1.5, 4.0, 1e6])
def test_half_a_million_gamma_numbers(shape: float) -> None:
    """The rarest way to make one (a normal number beyond 3.65) is taken once in 3700."""
    seeds = np.arange(25)
    mine = Streams().of(seeds)("service").standard_gamma(shape, 5000)
    for seed in seeds.tolist():
        assert mine[seed].tobytes() == stream(seed, "service").standard_gamma(shape, 5000).tobytes()


def test_other_machines_fall_back_on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Streams, "_is_laid_out_as_here", lambda _: False)
    assert Streams().get(3, "pickup").random() == stream(3, "pickup").random()
    rows = Streams().of(np.array([3]))("pickup")
    assert rows.random(2).tolist() == [stream(3, "pickup").random(2).tolist()]


def test_this_machine_draws_as_numpy_does() -> None:
    assert streams.draws_as_numpy()
