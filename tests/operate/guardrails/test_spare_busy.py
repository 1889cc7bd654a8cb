"""A scale-in takes the idle."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.config import BoundsConfig, GuardrailsConfig, SpareBusyConfig
from operate.guardrails.limits import Limits
from operate.guardrails.moment import Moment
from operate.guardrails.spare_busy import SpareBusy

INTERVAL_S = 8.0
LONGEST_S = 80.0

counts = st.integers(0, 60)
in_hand = st.none() | st.floats(0, 500)


def rail(at_once=1, longest=LONGEST_S):
    return SpareBusy(SpareBusyConfig(tasks_at_once=at_once, longest=longest))


def moment(requested, in_flight, now_s=0.0):
    return Moment(now_s, requested, 80_000.0, 0.0, INTERVAL_S, in_flight=in_flight)


@pytest.mark.parametrize(
    ("in_flight", "at_once", "had"),
    [(0.0, 1, 2), (1.0, 1, 2), (6.0, 1, 6), (6.2, 1, 7), (40.0, 1, 10), (40.0, 8, 5), (41.0, 8, 6), (None, 1, 2)],
)
def test_as_many_stay_as_have_work_in_hand(in_flight, at_once, had):
    assert rail(at_once).bend(2, moment(10, in_flight))[0] == had


def test_a_scale_out_is_nobodys_business():
    assert rail().bend(12, moment(10, 50.0)) == (12, "")
    assert rail().bend(10, moment(10, 50.0)) == (10, "")


def test_what_bends_and_for_how_long_is_said():
    rails = Limits.of(GuardrailsConfig(spare_busy=SpareBusyConfig(longest=LONGEST_S)), BoundsConfig(min=0, max=50))
    wanted, (bend,) = rails.bend(2, moment(10, 7.0))
    assert (wanted, bend.guardrail, bend.before, bend.after) == (7, "spare_busy", 2, 7)
    assert bend.because == "workers have 7 tasks in hand; this is believed for 72 s more"


def test_tasks_that_leaked_do_not_hold_the_count_for_ever_and_that_is_said_once():
    rails = Limits.of(GuardrailsConfig(spare_busy=SpareBusyConfig(longest=LONGEST_S)), BoundsConfig(min=0, max=50))
    had, news = [], []
    for tick in range(32):
        had.append(rails.bend(2, moment(10, 30.0, tick * INTERVAL_S))[0])
        news += rails.take_news()
    assert had == [10] * 10 + [2] * 10 + [10] * 10 + [2] * 2
    assert len(news) == 2
    assert news[0].startswith("workers have 30 tasks in hand, and a scale-in was held for 80 s: not believed")


def test_a_wish_that_comes_and_goes_is_not_held_for_ever_either():
    one = rail()
    had = [one.bend(2 if tick % 3 == 0 else 10, moment(10, 30.0, tick * INTERVAL_S))[0] for tick in range(40)]
    assert 2 in had


def test_where_the_count_goes_down_at_all_it_is_not_held():
    one = rail()
    for tick in range(9):
        assert one.bend(2, moment(10, 30.0, tick * INTERVAL_S))[0] == 10
    one.written(10, 9, 72.0)
    assert one.bend(2, moment(9, 30.0, 80.0))[0] == 9
    one.written(9, 12, 80.0)
    assert one.bend(2, moment(12, 0.0, 88.0))[0] == 2
    assert one.bend(2, moment(12, 30.0, 96.0))[0] == 12


def test_bounds_and_the_budget_of_a_day_come_after_it():
    rails = Limits.of(GuardrailsConfig(worker_hours_per_day=1.0), BoundsConfig(min=0, max=6))
    _, bends = rails.bend(2, moment(10, 9.0))
    assert [bend.guardrail for bend in bends] == ["spare_busy", "bounds"]
    spent = Moment(0.0, 10, 80_000.0, 1.0, INTERVAL_S, in_flight=9.0)
    assert rails.bend(2, spent)[0] == 0


@given(counts, counts, in_hand, st.integers(1, 8))
def test_one_bend_stays_between_what_is_wanted_and_what_is_there_and_spares_the_busy(wanted, requested, busy, at_once):
    had, why = rail(at_once).bend(wanted, moment(requested, busy))
    assert min(wanted, requested) <= had <= max(wanted, requested)
    assert bool(why) or had == wanted
    if busy is not None and wanted < requested:
        assert had >= min(requested, math.ceil(busy / at_once))
        assert had == wanted or had <= math.ceil(busy / at_once)  # and no more than the busy


@given(st.lists(st.tuples(counts, in_hand), min_size=1, max_size=120), st.booleans())
def test_a_count_that_is_written_goes_down_in_time_whatever_is_told(ticks, follows):
    """However work in hand is told, no stretch of scale-ins that are all held is longer than ``longest``."""
    one, requested, held = rail(), 30, 0
    for number, (wanted, busy) in enumerate(ticks):
        now_s = number * INTERVAL_S
        had, _ = one.bend(wanted, moment(requested, busy, now_s))
        held = held + 1 if wanted < requested and had == requested else held
        held = 0 if had < requested else held
        assert held * INTERVAL_S <= LONGEST_S
        if had != requested and follows:
            one.written(requested, had, now_s)
            requested = had
