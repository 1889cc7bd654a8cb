"""Laws of the HPA for any settings, and the cases of the original's own unit tests as numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscalers.go_numbers import INT32_MAX
from agents.autoscalers.hpa.metric import proposal
from agents.autoscalers.hpa.resource import PodUsage, resource_proposal
from agents.autoscalers.hpa.rule import HpaRule
from agents.autoscalers.hpa.settings import Behavior, HpaSettings, ScalingPolicy, ScalingRules

policies = st.builds(ScalingPolicy, st.sampled_from(("Pods", "Percent")), st.integers(1, 300), st.integers(1, 120))
rules = st.builds(
    ScalingRules,
    st.integers(0, 400),
    st.sampled_from(("Max", "Min", "Disabled")),
    st.lists(policies, min_size=1, max_size=4).map(tuple),
)
settings = st.builds(
    HpaSettings,
    target=st.integers(1, 20_000).map(lambda milli: milli / 1000),
    target_type=st.sampled_from(("AverageValue", "Value")),
    min_replicas=st.integers(0, 5),
    max_replicas=st.integers(5, 60),
    tolerance=st.sampled_from((0.0, 0.05, 0.1, 0.5)),
    sync_period_s=st.sampled_from((1.0, 5.0, 7.5, 15.0)),
    downscale_stabilization_s=st.sampled_from((0.0, 15.0, 60.0, 300.0)),
    behavior=st.none() | st.builds(Behavior, rules, rules),
)
metrics = st.lists(st.none() | st.integers(0, 200_000).map(lambda milli: milli / 1000), min_size=1, max_size=40)


def replay(hpa: HpaSettings, values: list[float | None], start: int) -> list[tuple[int, int, float | None]]:
    """Return (before, after, metric) of every sync of a closed loop whose pods are ready at once."""
    rule, replicas, rows = HpaRule(hpa), start, []
    for i, value in enumerate(values):
        before = replicas
        replicas = rule.sync((i + 1) * hpa.sync_period_s, before, before, value)
        rows.append((before, replicas, value))
    return rows


@given(settings, metrics, st.integers(0, 70))
def test_bounds_hold_and_a_missing_metric_changes_nothing(
    hpa: HpaSettings, values: list[float | None], start: int
) -> None:
    for before, after, value in replay(hpa, values, start):
        if before == 0 and hpa.min_replicas > 0:
            assert after == 0, "an HPA at 0 pods is switched off"
            continue
        assert hpa.min_replicas <= after <= hpa.max_replicas
        if value is None and hpa.min_replicas <= before <= hpa.max_replicas:
            assert after == before


@given(settings, metrics, st.integers(1, 70))
def test_the_same_inputs_give_the_same_decisions(hpa: HpaSettings, values: list[float | None], start: int) -> None:
    assert replay(hpa, values, start) == replay(hpa, values, start)


@given(settings, metrics, st.integers(1, 70))
def test_a_disabled_direction_never_moves(hpa: HpaSettings, values: list[float | None], start: int) -> None:
    if hpa.behavior is None:
        return
    for before, after, _ in replay(hpa, values, start):
        if not hpa.min_replicas <= before <= hpa.max_replicas:
            continue
        assert hpa.behavior.scale_up.select_policy != "Disabled" or after <= before
        assert hpa.behavior.scale_down.select_policy != "Disabled" or after >= before


@given(st.integers(1, 9), st.integers(1, 60), metrics)
def test_a_pods_policy_bounds_the_changes_of_a_period(value: int, period_s: int, values: list[float | None]) -> None:
    one = ScalingRules(0, "Max", (ScalingPolicy("Pods", value, period_s),))
    hpa = HpaSettings(target=1.0, behavior=Behavior(one, one), sync_period_s=5.0, max_replicas=1000)
    rows = replay(hpa, values, 10)
    for i in range(len(rows)):
        before, after, _ = rows[i]
        start = next(row[0] for j, row in enumerate(rows) if (i - j) * 5.0 < period_s)
        # Away from the start only: on the way back to it a change may be what an older one left too far.
        assert after <= max(before, start + value)
        assert after >= min(before, start - value)


@given(settings, st.integers(0, 50), st.integers(0, 50), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_metric_never_proposes_fewer_pods(
    hpa: HpaSettings, spec: int, status: int, first: int, second: int
) -> None:
    low, high = sorted((first / 1000, second / 1000))
    if hpa.target_type == "Value" and status != spec:
        return  # within tolerance it proposes spec, outside it counts Ready pods: not monotone, as in the original
    assert proposal(hpa, low, spec, status) <= proposal(hpa, high, spec, status)


@pytest.mark.parametrize(
    ("target_type", "target", "metric", "spec", "status", "expected"),
    [
        ("Value", 4.4, 8.6, 1, 1, 2),  # ScaleUpCMExternal
        ("Value", 4.4, 8.6, 3, 1, 2),  # ScaleUpCMExternalIgnoresUnreadyPods
        ("Value", 14.334, 8.6, 5, 5, 3),  # ScaleDownCMExternal
        ("Value", 8.888, 8.6, 3, 3, 3),  # ToleranceCMExternal
        ("AverageValue", 2.15, 8.6, 3, 3, 4),  # ScaleUpPerPodCMExternal
        ("AverageValue", 2.867, 8.6, 5, 5, 3),  # ScaleDownPerPodCMExternal
        ("AverageValue", 2.9, 8.6, 3, 3, 3),  # TolerancePerPodCMExternal
        ("Value", 5.0, 8.0, 0, 0, 2),  # from zero: ceil of the ratio
        ("Value", 5.0, 50.0, 3, 0, 0),  # no Ready pod proposes none
        ("AverageValue", 3.0, 2.7, 1, 1, 1),  # 2700 / 3000 is within 10 %, 2.7 / 3 would not be
        ("AverageValue", 0.001, 3e6, 2, 2, INT32_MAX),  # 3e9 pods: held at what an int32 can say
        ("Value", 0.001, 3e6, 2, 2, 0),  # here the original lets it overflow, and that is not > 0
        ("AverageValue", 1.0, -0.001, 2, 2, INT32_MAX),  # below 0 is taken for an int64 that overflowed
        ("Value", 1.0, -5.0, 2, 2, 0),
        ("AverageValue", 0.0, 5.0, 2, 2, INT32_MAX),  # the API forbids a target of 0
    ],
)
def test_proposals_for_external_metrics(  # numbers of replica_calculator_test.go
    target_type: str, target: float, metric: float, spec: int, status: int, expected: int
) -> None:
    hpa = HpaSettings(target=target, target_type=target_type)  # type: ignore[arg-type]
    assert proposal(hpa, metric, spec, status) == expected


@pytest.mark.parametrize(
    ("ready", "unready", "missing", "replicas", "target", "expected"),
    [
        ((300, 500, 700), 0, 0, 3, 30, 5),  # ScaleUp
        ((500, 700), 1, 0, 3, 30, 4),  # ScaleUpUnreadyLessScale
        ((400,), 2, 0, 3, 30, 3),  # ScaleUpUnreadyNoScale
        ((500, 700), 0, 0, 2, 30, 4),  # ScaleUpIgnoresFailedPods
        ((100, 300, 500, 250, 250), 0, 0, 5, 50, 3),  # ScaleDown
        ((100, 300, 500), 2, 0, 5, 50, 2),  # ScaleDownExcludeUnreadyPods
        ((100,), 4, 0, 5, 50, 1),  # ScaleDownExcludeUnscheduledPods
        ((400, 95), 0, 2, 4, 100, 3),  # MissingMetrics
        ((1000,), 0, 1, 2, 100, 2),  # MissingMetricsNoChangeEq
        ((1900,), 0, 1, 2, 100, 2),  # MissingMetricsNoChangeGt
        ((600,), 0, 1, 2, 100, 2),  # MissingMetricsNoChangeLt
        ((450,), 1, 1, 3, 50, 3),  # MissingMetricsUnreadyChange
        ((2000,), 1, 1, 3, 50, 4),  # MissingMetricsUnreadyScaleUp
        ((100, 100), 1, 1, 4, 50, 3),  # MissingMetricsUnreadyScaleDown
        ((), 3, 1, 4, 50, None),  # no metrics at all: an error, nothing happens
    ],
)
def test_proposals_for_utilisation(  # numbers of replica_calculator_test.go
    ready: tuple[int, ...], unready: int, missing: int, replicas: int, target: int, expected: int | None
) -> None:
    assert resource_proposal(PodUsage(ready, unready, missing), replicas, target, 0.1) == expected


def test_outdated_slots_are_reused_and_the_other_direction_notices() -> None:
    """Up forgets after 10 s, down looks back 60 s: it misses only the event that was overwritten."""
    up = ScalingRules(0, "Max", (ScalingPolicy("Pods", 100, 10),))
    down = ScalingRules(0, "Max", (ScalingPolicy("Pods", 1, 60),))
    rule = HpaRule(HpaSettings(target=1.0, behavior=Behavior(up, down), sync_period_s=15.0, max_replicas=100))
    assert rule.sync(15, 10, 10, 10.0) == 10
    assert rule.sync(30, 10, 10, 14.0) == 14  # event +4
    assert rule.sync(45, 14, 14, 20.0) == 20  # event +6 in the slot of the +4, which is older than 10 s
    # Down within 60 s: start = 20 - 6 = 14, limit 13. With the overwritten +4 remembered it would be 9.
    assert rule.sync(60, 20, 20, 1.0) == 13
