from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.config import BoundsConfig, GuardrailsConfig
from operate.guardrails.limits import Limits
from operate.guardrails.moment import Moment


def limits(low=0, high=50, **rails):
    return Limits.of(
        GuardrailsConfig.model_validate({"scale_in_cooldown": 0, **rails}), BoundsConfig(min=low, max=high)
    )


def moment(requested, now_s=0.0, hours=0.0, left_s=80_000.0):
    return Moment(now_s, requested, left_s, hours, 8.0)


def test_a_scale_in_waits_for_the_last_one():
    rails = limits(scale_in_cooldown="60s")
    assert rails.bend(8, moment(10))[0] == 8
    rails.written(10, 8, 0.0)
    wanted, (bend,) = rails.bend(6, moment(8, now_s=40.0))
    assert (wanted, bend.guardrail, bend.because) == (
        8,
        "scale_in_cooldown",
        "the last scale-in was 40 s ago, 20 s to go",
    )
    assert rails.bend(12, moment(8, now_s=40.0)) == (12, ())
    assert rails.bend(6, moment(8, now_s=60.0)) == (6, ())


def test_what_is_overdue_is_cleared_in_time():
    rails = limits(clear_overdue="100s")
    wanted, (bend,) = rails.bend(1, Moment(0.0, 4, 80_000.0, 0.0, 8.0, overdue_work_s=1_150.0))
    assert (wanted, bend.guardrail) == (12, "clear_overdue")
    assert rails.bend(1, moment(4)) == (1, ())
    assert limits(clear_overdue=None).bend(1, Moment(0.0, 4, 80_000.0, 0.0, 8.0, overdue_work_s=1e9)) == (1, ())


def test_a_scale_out_does_not_begin_a_cooldown():
    rails = limits(scale_in_cooldown="60s")
    rails.written(4, 8, 0.0)
    assert rails.bend(6, moment(8, now_s=1.0)) == (6, ())


@pytest.mark.parametrize(("wanted", "had"), [(20, 13), (1, 7), (12, 12)])
def test_a_tick_changes_at_most_so_many(wanted, had):
    assert limits(change_per_tick=3).bend(wanted, moment(10))[0] == had


def test_the_changes_of_a_minute_add_up():
    rails = limits(change_per_minute=5)
    rails.written(10, 13, 0.0)
    rails.written(13, 12, 8.0)
    assert rails.bend(20, moment(12, 16.0))[0] == 13
    assert rails.bend(20, moment(12, 60.0))[0] == 16
    assert rails.bend(20, moment(12, 68.0))[0] == 17


def test_what_the_least_count_needs_is_kept_back():
    rails = limits(low=2, worker_hours_per_day=50.0)
    assert rails.bend(30, moment(10, hours=0.0, left_s=24 * 3600))[0] == 30  # 48 for the least, 2 to spend
    assert rails.bend(30, moment(10, hours=2.0, left_s=24 * 3600))[0] == 2


@given(
    st.integers(0, 100),
    st.integers(0, 50),
    st.floats(0, 30),
    st.floats(0, 86_400),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_whatever_happens_the_count_stays_within_its_bounds(wanted, requested, hours, left_s, tick, minute):
    rails = limits(
        3, 40, change_per_tick=tick, change_per_minute=minute, worker_hours_per_day=20.0, scale_in_cooldown=60
    )
    rails.written(20, 10, 0.0)
    had, bends = rails.bend(wanted, moment(requested, 5.0, hours, left_s))
    assert 3 <= had <= 40
    assert [bend.before for bend in bends[1:]] == [bend.after for bend in bends[:-1]]
    assert (bends[0].before, bends[-1].after) == (wanted, had) if bends else wanted == had
