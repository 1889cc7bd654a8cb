"""Laws of the KPA and its buckets for any settings."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscalers.go_numbers import INT32_MAX, INT32_MIN, exp, int32, power, root, rounded, wrapped
from agents.autoscalers.kpa.buckets import KpaMetrics, LinearBuckets, WeightedBuckets
from agents.autoscalers.kpa.rule import KpaRule, KpaSettings

settings = st.builds(
    KpaSettings,
    target_value=st.sampled_from((0.01, 0.7, 1.0, 70.0)),
    total_value=st.sampled_from((1.0, 100.0)),
    target_burst_capacity=st.sampled_from((-1.0, 0.0, 211.0)),
    panic_threshold=st.sampled_from((1.1, 2.0, 10.0)),
    max_scale_up_rate=st.sampled_from((1.1, 2.0, 1000.0)),
    max_scale_down_rate=st.sampled_from((1.1, 2.0, 10.0)),
    stable_window_s=st.sampled_from((6.0, 60.0)),
    scale_down_delay_s=st.sampled_from((0.0, 1.0, 7.0, 30.0)),
    activation_scale=st.integers(0, 5),
    reachable=st.booleans(),
)
averages = st.none() | st.tuples(st.floats(0, 5000), st.floats(0, 5000))


@given(settings, st.integers(0, 20), st.lists(st.tuples(st.integers(0, 60), averages), max_size=60))
def test_rates_bound_every_decision(
    kpa: KpaSettings, ready_at_start: int, ticks: list[tuple[int, tuple[float, float] | None]]
) -> None:
    rule = KpaRule(kpa, ready_at_start)
    highest = ready_at_start
    for i, (ready, values) in enumerate(ticks):
        decision = rule.tick(2.0 * (i + 1), ready, values)
        assert (decision is None) == (values is None)
        if decision is None:
            continue
        highest = max(highest, math.ceil(kpa.max_scale_up_rate * max(1, ready)), kpa.activation_scale)
        assert 0 <= decision.desired <= highest
        if kpa.reachable:
            assert decision.desired >= math.floor(max(1, ready) / kpa.max_scale_down_rate)
        if kpa.target_burst_capacity <= 0:
            assert decision.excess_burst_capacity == kpa.target_burst_capacity


@given(st.integers(2, 30))
def test_built_over_several_pods_it_holds_them_for_a_stable_window(ready: int) -> None:
    rule = KpaRule(KpaSettings(target_value=0.7, total_value=1.0, stable_window_s=60), ready)
    for tick in range(1, 31):
        decision = rule.tick(2.0 * tick, ready, (0.0, 0.0))
        assert decision is not None
        assert decision.desired == ready, f"panic ends strictly after 60 s, not at {2 * tick} s"
    decision = rule.tick(62.0, ready, (0.0, 0.0))
    assert decision is not None
    assert decision.desired == ready // 2


@given(st.integers(1, 40), st.lists(st.integers(0, 4096), min_size=1, max_size=120))
def test_a_linear_average_over_every_second_is_the_plain_one(window: int, values: list[int]) -> None:
    buckets = LinearBuckets(window)
    for second, value in enumerate(values):
        buckets.record(second + 0.25, value)
        seen = values[max(0, second + 1 - window) : second + 1]
        assert buckets.average(second + 0.75) == pytest.approx(sum(seen) / len(seen), abs=5.1e-7)


@given(
    st.sampled_from((LinearBuckets, WeightedBuckets)),
    st.integers(1, 60),
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 1000)), max_size=40),
)
def test_averages_stay_within_the_samples(
    kind: type[LinearBuckets], window: int, samples: list[tuple[float, float]]
) -> None:
    buckets, now, total = kind(window), 0.0, 0.0
    assert buckets.is_empty(0.0)
    for gap, value in samples:
        now, total = now + gap, total + value
        buckets.record(now, value)
        assert -1e-6 <= buckets.average(now) <= total + 1e-6
    if samples:
        assert not buckets.is_empty(now + window - 1)
        assert buckets.is_empty(now + window + 2)
        assert buckets.average(now + window + 2) == 0.0


def test_several_values_of_a_second_add_up_and_late_ones_still_count() -> None:
    metrics = KpaMetrics(60, 6)
    assert metrics.averages(0) is None
    for time_s, value in ((10, 1.0), (10.9, 2.0), (12, 3.0), (11, 6.0)):
        metrics.record(time_s, value)
    assert metrics.averages(12) == (4.0, 4.0)
    assert metrics.averages(18) == pytest.approx((4.0, 0.0))  # panic: a gap of its whole window is 0
    assert metrics.averages(72) == (0.0, 0.0)
    assert metrics.averages(73) is None


@given(st.floats(0.01, 0.99), st.integers(0, 60))
def test_powers_agree_with_pythons_up_to_rounding(base: float, exponent: int) -> None:
    assert power(base, exponent) == pytest.approx(base**exponent, rel=1e-12)
    assert root(base, exponent + 1) == pytest.approx(base ** (1 / (exponent + 1)), rel=1e-12)


@pytest.mark.parametrize(
    ("window_s", "root_of_a_ten_thousandth"),
    [
        (3, "0x1.7c3d2c4d63ff9p-5"),
        (24, "0x1.5cd2506741989p-1"),
        (25, "0x1.6237ab44e9dc5p-1"),
        (31, "0x1.7c65c55d3ceb8p-1"),
        (34, "0x1.86806dd64fe16p-1"),
        (35, "0x1.89892a360b0cep-1"),
        (60, "0x1.b723eab4b8f23p-1"),
    ],
)
def test_roots_are_those_of_the_original_to_the_last_bit(window_s: int, root_of_a_ten_thousandth: str) -> None:
    """glibc is one bit off for all of these windows but the first and the last."""
    assert root(0.0001, window_s).hex() == root_of_a_ten_thousandth


@given(st.floats(-700, 700))
def test_exponentials_agree_with_pythons_up_to_rounding(value: float) -> None:
    assert exp(value) == pytest.approx(math.exp(value), rel=1e-15)


def test_what_no_int32_holds_becomes_the_smallest() -> None:
    assert [int32(value) for value in (1.9, -1.9, math.inf, math.nan, 2.0**31)] == [1, -1, *[INT32_MIN] * 3]


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
def test_an_addition_wraps_around_like_an_int32(first: int, second: int) -> None:
    total = wrapped(first + second)
    assert INT32_MIN <= total <= INT32_MAX
    assert (total - first - second) % 2**32 == 0


@pytest.mark.parametrize(
    ("value", "whole"), [(0.5, 1), (1.5, 2), (2.5, 3), (-2.5, -3), (0.49999999999999994, 0), (-0.4, 0)]
)
def test_halves_are_rounded_away_from_zero(value: float, whole: int) -> None:
    assert rounded(value) == whole
