"""What the student sees, and what it learns of a moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.distilled.features import AHEAD, Profile, Recall, fact_count
from agents.distilled.labels import moves_of, scaled, values_of
from autoscaling_env.actions import Actions
from tests.agents.farms import seen

CHANGES = Actions((-1, 0, 1), 1, 40)


def moment(step: int, requested: int = 2, enqueued: int = 0, **more: int) -> dict[str, Any]:
    """Return what of ``info`` the student sees."""
    counted = {"workers_ready": 0, "workers_starting": 0, "workers_draining": 0, "busy_workers": 0}
    return {"step": step, "requested_workers": requested, "enqueued_total": enqueued} | counted | more


def test_facts_are_the_observation_what_info_counts_the_time_and_the_last_steps() -> None:
    recall = Recall(history_steps=3, max_steps=10)
    recall.facts(seen(2), moment(0, requested=2))
    recall.facts(seen(3), moment(1, requested=3, enqueued=5))
    facts = recall.facts(seen(2, worker_queue=4), moment(2, requested=2, enqueued=12, busy_workers=2))
    assert len(facts) == fact_count(3)
    assert facts.dtype == np.float32
    told = np.copysign(np.expm1(np.abs(facts)), facts).astype(float).round(4).tolist()
    assert told[:9] == [0, 4, 0, 0, 2, 0, 0, 0, 0]
    assert told[9:14] == [0, 0, 0, 2, 12]  # as COUNTED has them
    assert told[14] == 0.2
    assert told[15:18] == [7, 5, 0]  # arrived in the last steps
    assert told[18:] == [-1, 0, 0]  # workers since then


def test_an_episode_does_not_depend_on_those_before() -> None:
    one, two = Recall(2, 10), Recall(2, 10)
    two.facts(seen(9), moment(0, requested=9))
    two.facts(seen(9), moment(1, requested=8, enqueued=70))
    for step in range(3):
        info = moment(step, requested=2 + step, enqueued=3 * step)
        assert one.facts(seen(2), info).tolist() == two.facts(seen(2), info).tolist()


def test_a_profile_is_the_mean_of_the_episodes_that_got_there() -> None:
    profile = Profile.empty(4).with_episodes([np.array([4, 8, 2, 6]), np.array([2, 0])])
    ahead = np.expm1(profile.at(0))
    assert ahead[:2] == pytest.approx([3, 4], rel=1e-6)
    assert ahead[AHEAD.index((3, 5))] == pytest.approx(6 / 2, rel=1e-6)  # nothing comes after the end
    assert np.expm1(profile.at(2))[-1] == pytest.approx(3 + 4, rel=1e-6)  # what has come so far
    assert profile.at_all(np.array([0, 99])).tolist() == [profile.at(0).tolist(), profile.at(4).tolist()]
    assert not Profile.empty(4).at(0).any()


def test_where_one_worker_may_be_added_all_that_want_more_are_the_same() -> None:
    valued = {5: 1.0, 6: 2.0, 9: 3.0, 3: -4.0}
    assert values_of(valued, CHANGES, requested=5).tolist() == [-7, -2, 0]
    assert np.isnan(values_of({5: 1.0, 6: 2.0}, CHANGES, requested=5)).tolist() == [True, False, False]


def test_where_actions_are_targets_changes_near_and_far_are_learned() -> None:
    moves = moves_of(Actions((), 1, 10))
    assert moves.deltas == (-8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8)
    assert moves_of(CHANGES) is CHANGES
    assert values_of({4: 0.0, 9: 2.5}, moves, requested=4)[moves.deltas.index(4)] == 0  # 5 is as near to 4 as to 6


@given(
    valued=st.dictionaries(st.integers(1, 40), st.floats(-1e6, 1e6), min_size=1),
    requested=st.integers(1, 40),
    deltas=st.sampled_from([(-1, 0, 1), (-4, -2, 0, 2, 4), ()]),
)
def test_the_best_count_is_worth_nothing_less_and_no_other_more(
    valued: dict[int, float], requested: int, deltas: tuple[int, ...]
) -> None:
    moves = moves_of(Actions(deltas, 1, 40))
    values = values_of(valued, moves, requested)
    assert np.nanmax(values) == 0
    best = max(valued, key=lambda count: valued[count])
    assert values[moves.nearest(best, requested)] == 0


@given(st.lists(st.lists(st.floats(-1e6, 0, width=32), min_size=3, max_size=3), min_size=1, max_size=20))
def test_what_is_learned_keeps_the_order_of_moves(rows: list[list[float]]) -> None:
    values = np.array(rows, dtype=np.float32)
    values -= values.max(axis=1, keepdims=True)
    learned = scaled(values)
    assert np.isfinite(learned).all()
    assert (learned.max(axis=1) == 0).all()
    for before, after in zip(values, learned, strict=True):
        order = np.argsort(before, kind="stable")
        assert (np.diff(after[order]) >= 0).all()


def test_half_of_the_second_best_moves_lie_within_the_scale() -> None:
    values = np.array([[0, -1, -9], [-2, 0, -1000], [0, -4, np.nan]], dtype=np.float32)
    learned = scaled(values)
    assert -learned[1, 0] == pytest.approx(np.log(2), rel=1e-6)
    assert np.isnan(learned[2, 2])
