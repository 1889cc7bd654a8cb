"""Laws of KEDA's executor for any settings, and the branches the recordings may not reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscalers.keda.rule import KedaRule, KedaSettings, is_active

settings = st.builds(
    KedaSettings,
    cooldown_period_s=st.sampled_from((0.0, 30.0, 300.0)),
    initial_cooldown_period_s=st.sampled_from((0.0, 60.0)),
    min_replica_count=st.integers(0, 4),
    idle_replica_count=st.none() | st.integers(0, 3),
    fallback_replicas=st.none() | st.integers(0, 3),
)
polls = st.lists(st.tuples(st.integers(0, 10), st.booleans(), st.booleans()), max_size=60)


@given(settings, polls)
def test_what_keda_may_do_at_all(keda: KedaSettings, rows: list[tuple[int, bool, bool]]) -> None:
    rule = KedaRule(keda)
    for i, (replicas, active, error) in enumerate(rows):
        before = rule.last_active_s
        answer = rule.poll(30.0 * i, replicas, active, error)
        allowed = {replicas, keda.idle_replica_count or 0, keda.min_replica_count, max(1, keda.min_replica_count)}
        assert answer in allowed, "from 1 upwards is the HPA's business"
        if active:
            assert answer >= 1
        else:
            assert rule.last_active_s == before
        if error and not active and keda.fallback_replicas != 0:
            assert answer == replicas


def test_cooldown_is_strict_and_drops_from_any_count() -> None:
    rule = KedaRule(KedaSettings())
    assert rule.poll(0, 0, active=True) == 1
    assert [rule.poll(time_s, 7, active=False) for time_s in range(30, 331, 30)] == [7] * 10 + [0]


def test_an_error_that_need_not_scale_up_is_no_activity() -> None:
    rule = KedaRule(KedaSettings())
    assert rule.poll(0, 3, active=True, error=True) == 3
    assert rule.last_active_s is None
    assert rule.poll(30, 0, active=True, error=True) == 1
    assert rule.last_active_s == 30


def test_idle_mode_goes_below_the_minimum_and_back_to_it() -> None:
    rule = KedaRule(KedaSettings(min_replica_count=4, idle_replica_count=1, cooldown_period_s=0))
    assert rule.poll(0, 6, active=True) == 6
    assert rule.poll(30, 6, active=False) == 1
    assert rule.poll(60, 1, active=False) == 1
    assert rule.poll(90, 1, active=True) == 4


@pytest.mark.parametrize(("waiting", "threshold", "active"), [(0, 0, False), (1, 0, True), (5, 5, False), (6, 5, True)])
def test_activation_is_strict(waiting: int, threshold: float, active: bool) -> None:
    assert is_active(waiting, threshold) is active
