"""What KEDA is told of a controller, and from when on it is told nothing."""

from __future__ import annotations

import pytest

from autoscaling_env.errors import BackendError
from autoscaling_env.reasons import ScaleReason
from operate.keda.reach import Reach
from operate.keda.target import NoDecision
from operate.target import Scaler, Target
from tests.operate.keda.desks import Desk


def test_it_is_a_target_and_a_scaler():
    desk = Desk()
    assert isinstance(desk.target, Target)
    assert isinstance(desk.target.scaler(), Scaler)
    assert "scaled by KEDA" in desk.target.described


def test_what_was_told_counts_as_requested_while_keda_gets_there():
    desk = Desk(3)
    assert desk.decides(7).requested == 3
    state = desk.decides()
    assert (state.requested, state.applied, state.ready) == (7, 3, 3)
    assert desk.target.wanted() == 7
    assert desk.target.scale_to(7).reason == ScaleReason.OK


def test_kedas_own_changes_are_nobody_elses():
    desk = Desk(3)
    desk.decides(7)
    desk.there.has(7, changed_by="keda-hpa-worker changed the workers from 3 to 7")
    assert desk.decides().changed_by == ""


def test_before_the_first_change_the_count_that_is_there_is_wanted_within_bounds():
    desk = Desk(3, least=5)
    desk.decides()
    assert desk.target.wanted() == 5


def test_in_shadow_the_count_that_is_there_is_told_and_who_changes_it_is_seen():
    desk = Desk(3, acting=False)
    desk.decides()
    assert (desk.target.wanted(), desk.target.value(Reach.DETOUR)) == (3, 3.0)
    desk.there.has(5, changed_by="somebody changed the workers from 3 to 5")
    assert desk.decides().changed_by
    assert (desk.target.wanted(), desk.target.value(Reach.DETOUR)) == (5, 5.0)


def test_the_value_depends_on_the_count_that_is_there_now():
    desk = Desk(20)
    desk.decides(21)
    assert desk.target.value(Reach.DETOUR) == 23
    desk.there.has(23)
    assert 20 < desk.target.value(Reach.DETOUR) < 21
    desk.there.has(21)
    assert desk.target.value(Reach.DETOUR) == 21
    assert desk.target.value(Reach.TOLERANCE) == 21


def test_without_a_decision_nothing_is_told():
    desk = Desk()
    with pytest.raises(NoDecision, match="no decision yet"):
        desk.target.wanted()
    desk.there.away = True
    with pytest.raises(BackendError):
        desk.target.look()
    with pytest.raises(NoDecision, match="no decision yet"):
        desk.target.wanted()


def test_a_decision_holds_five_intervals():
    desk = Desk()
    desk.decides(4)
    desk.clock.pass_s(25)
    assert desk.target.wanted() == 4
    desk.clock.pass_s(1)
    with pytest.raises(NoDecision, match="the last decision is 26 s old: the controller hangs"):
        desk.target.wanted()
    desk.decides(6)
    assert desk.target.wanted() == 6


def test_what_is_decided_on_stale_readings_does_not_renew_it():
    desk = Desk()
    desk.decides(4)
    for _ in range(5):
        desk.clock.pass_s(5)
        desk.decides(stale="the source cannot be read: no route to host")
    assert desk.target.wanted() == 4
    desk.clock.pass_s(5)
    with pytest.raises(NoDecision, match="30 s old: the source cannot be read: no route to host"):
        desk.target.wanted()
    assert desk.target.ticks


def test_a_controller_that_ticks_no_more_is_noticed_and_one_that_begins_has_time():
    desk = Desk()
    desk.clock.pass_s(80)
    assert desk.target.ticks
    desk.decides()
    assert desk.target.ticks
    desk.clock.pass_s(26)
    assert not desk.target.ticks


def test_closing_closes_the_platforms_view():
    desk = Desk()
    desk.target.close()
    assert desk.there.closed == 1
