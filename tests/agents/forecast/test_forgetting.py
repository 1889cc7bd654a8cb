"""Sums that forget."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy.signal import lfilter

from agents.planning.forecast.forgetting import discounted_sums

NUMBERS = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(-1e6, 1e6))


@given(NUMBERS, st.floats(0.0, 1.0))
def test_they_are_those_of_the_filter_to_the_bit(values: NDArray[np.float64], forgetting: float) -> None:
    assert np.array_equal(discounted_sums(values, forgetting), lfilter([1.0], [1.0, -forgetting], values, axis=1))


def test_before_anything_came_there_are_none() -> None:
    assert discounted_sums(np.empty((3, 0)), 0.9).shape == (3, 0)
