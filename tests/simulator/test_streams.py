"""Streams seeded in place are NumPy's, whatever is drawn from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env.rng import STREAMS, stream
from simulator.streams import Streams

STREAMS_IN_PLACE = Streams()


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


def test_other_layouts_fall_back_on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Streams, "_is_laid_out_as_here", lambda _: False)
    assert Streams().get(3, "pickup").random() == stream(3, "pickup").random()
