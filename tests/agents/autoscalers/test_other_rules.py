"""OpenFaaS CE, backlog per instance and staffing: upstream's own cases as numbers, and timelines worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscalers.openfaas.rule import OpenFaasCeRule, OpenFaasCeSettings, calculate_replicas
from agents.autoscalers.queueing.backlog import BacklogRule, BacklogSettings, acceptable_backlog
from agents.autoscalers.queueing.little import little_workers, offered_load, square_root_workers


@pytest.mark.parametrize(
    ("firing", "current", "maximum", "minimum", "factor", "expected"),
    [
        (True, 1, 20, 1, 0, 1),  # TestDisabledScale
        (True, 1, 20, 0, 0, 0),  # TestParameterEdge
        (True, 1, 1, 1, 20, 1),  # TestScalingWithSameUpperLowerLimit
        (True, 1, 20, 1, 100, 20),  # TestMaxScale
        (True, 1, 20, 1, 20, 5),  # TestInitialScale
        (True, 4, 20, 1, 20, 8),  # TestScale
        (True, 20, 20, 1, 20, 20),  # TestScaleCeiling
        (True, 19, 20, 1, 20, 20),  # TestScaleCeilingEdge
        (False, 8, 20, 1, 20, 1),  # TestBackingOff
        (True, 1, 5, 1, 30, 3),  # TestScaledUpFrom1
        (True, 1, 4, 1, 1, 2),  # TestScaledUpWithSmallParam
    ],
)
def test_numbers_of_alerthandler_test_go(
    firing: bool, current: int, maximum: int, minimum: int, factor: int, expected: int
) -> None:
    assert calculate_replicas(firing, current, maximum, minimum, factor) == expected


def play(rule: OpenFaasCeRule, rates: list[tuple[int, float]]) -> dict[int, int]:
    """Return time -> replicas at every change, for (seconds, finished per second) stretches from time 0."""
    replicas, total, time_s, changes = 1, 0.0, 0, {}
    for seconds, rate in rates:
        for _ in range(seconds):
            answer = rule.tick(time_s, total, replicas)
            if answer != replicas:
                changes[time_s] = replicas = answer
            total, time_s = total + rate, time_s + 1
    return changes


def test_timeline_of_the_alert() -> None:
    """Pending at 15 s, firing at 30 s, told 5 s later and every 30 s; false at 120 s, told at the next flush."""
    rule = OpenFaasCeRule(OpenFaasCeSettings(scale_max=20))
    changes = play(rule, [(110, 6.0), (60, 0.0)])
    assert changes == {35: 3, 65: 5, 95: 7, 125: 1}


def test_exactly_the_threshold_does_not_alert() -> None:
    assert play(OpenFaasCeRule(OpenFaasCeSettings()), [(300, 5.0)]) == {}


def test_a_short_burst_is_forgotten_before_it_fires() -> None:
    assert play(OpenFaasCeRule(OpenFaasCeSettings()), [(14, 9.0), (120, 0.0)]) == {}


def test_the_rate_is_of_the_samples_inside_the_window_of_the_evaluation() -> None:
    """At 15 s the window of 10 s holds the scrapes of 8 s and 12 s: no task was finished between them."""
    settings = OpenFaasCeSettings(scrape_interval_s=4.0, evaluation_interval_s=15.0, for_s=0.0, group_wait_s=0.0)
    assert play(OpenFaasCeRule(settings), [(8, 30.0), (8, 0.0)]) == {}
    assert play(OpenFaasCeRule(settings), [(8, 0.0), (8, 30.0)]) == {15: 2}


def test_intervals_that_are_no_whole_seconds_do_not_drift() -> None:
    """Evaluated at 10 s: until then the counter was 0 at its first sample, beyond which Prometheus does not extend."""
    rule = OpenFaasCeRule(OpenFaasCeSettings(evaluation_interval_s=2.5, for_s=0.0, group_wait_s=0.0))
    assert min(play(rule, [(15, 6.0)])) == 10


def test_the_example_of_the_aws_user_guide() -> None:
    """0.1 s a message and 10 s of acceptable latency: 100 messages; 1500 over 10 instances add five."""
    target = acceptable_backlog(latency_s=10, service_s=0.1)
    assert target == pytest.approx(100)
    rule = BacklogRule(BacklogSettings(target))
    assert [rule.datapoint(1500, 10, 10) for _ in range(3)] == [10, 10, 15]


def test_scaling_in_needs_fifteen_points_below_ninety_per_cent() -> None:
    rule = BacklogRule(BacklogSettings(100))
    assert {rule.datapoint(950, 10, 10) for _ in range(40)} == {10}, "95 % of the target is left alone"
    assert [rule.datapoint(300, 10, 10) for _ in range(15)] == [10] * 14 + [3]
    rule.datapoint(950, 10, 10)
    assert rule.datapoint(300, 10, 10) == 10, "one point above starts the count anew"


@given(st.floats(0.1, 100), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 50)), max_size=50))
def test_backlog_moves_only_towards_what_the_queue_needs(target: float, points: list[tuple[int, int]]) -> None:
    rule, capacity = BacklogRule(BacklogSettings(target, datapoints_out=1, datapoints_in=1)), 5
    for messages, in_service in points:
        answer = rule.datapoint(messages, in_service, capacity)
        wanted = math.ceil(messages / target)
        assert min(capacity, wanted) <= answer <= max(capacity, wanted)


def test_staffing_of_the_reference_load() -> None:
    load = offered_load(300 / 60, 1.5)
    assert load == 7.5
    assert little_workers(load, 0.8) == 10
    assert square_root_workers(load, 1.0) == 11
    assert little_workers(0.0, 0.8) == square_root_workers(0.0, 1.0) == 0
