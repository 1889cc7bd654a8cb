"""Prometheus' ``rate()``: worked out by hand after ``extrapolatedRate``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscalers.prometheus import Counter


def rate(samples: list[tuple[float, float]], time_s: float, window_s: float = 10.0) -> float:
    """Return the rate of a counter with these samples."""
    counter = Counter(window_s)
    for at_s, value in samples:
        counter.scrape(at_s, value)
    return counter.rate(time_s)


@pytest.mark.parametrize(
    ("samples", "time_s", "expected"),
    [
        ([], 10, 0.0),
        ([(5, 3)], 10, 0.0),  # one sample is no rate
        ([(102.5, 100), (107.5, 130)], 110, 6.0),  # both gaps are bridged: 30 / 5 s
        ([(100, 70), (105, 100), (110, 130)], 110, 6.0),  # the sample at the window's start is not in it
        (
            [(102, 100), (104, 112)],
            110,
            3.0,
        ),  # 2 s to the start, half a distance to the end: 12 * 5 / 2 / 10
        ([(102.5, 5), (107.5, 35)], 110, 30 * (5 + 5 / 6 + 2.5) / 5 / 10),  # the counter was 0 shortly before
        ([(102.5, 8), (107.5, 8)], 110, 0.0),
    ],
)
def test_by_hand(samples: list[tuple[float, float]], time_s: float, expected: float) -> None:
    assert rate(samples, time_s) == pytest.approx(expected)


@given(st.floats(0.1, 50), st.floats(0, 4.9))
def test_an_even_counter_has_its_rate_whatever_the_phase(per_s: float, phase_s: float) -> None:
    samples = [(at_s, per_s * at_s) for at_s in (phase_s + 5 * i for i in range(1, 40))]
    assert rate(samples, 150.0) == pytest.approx(per_s)
