"""Bins follow from the configuration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.discretise import discretiser
from autoscaling_env.config import load_config
from autoscaling_env.observation import FIELDS
from tests.agents.farms import seen

EIGHT = load_config(assignments=["agents.sarsa.bins=8"])


def test_one_number_stands_for_all_fields() -> None:
    edges = discretiser(EIGHT).edges
    assert [len(edges[field]) for field in FIELDS] == [7] * 9


def test_one_bin_leaves_a_field_out() -> None:
    bins = discretiser(load_config(assignments=["agents.sarsa.bins=1"]))
    assert bins.state(seen(31, worker_queue=9999)) == (0,) * 9


def test_edges_rise_and_queue_edges_are_log_spaced() -> None:
    edges = discretiser(EIGHT).edges
    assert all((np.diff(edges[field]) > 0).all() for field in FIELDS)
    ratios = edges["worker_queue"][1:] / edges["worker_queue"][:-1]
    assert ratios == pytest.approx(np.full(6, ratios[0]))


def test_by_default_every_worker_count_is_told_apart() -> None:
    bins = discretiser(load_config())
    assert len({bins.state(seen(workers)) for workers in range(1, 33)}) == 32


def test_the_target_quality_is_an_edge_and_belongs_to_the_met_side() -> None:
    bins = discretiser(EIGHT)
    met, missed = bins.state(seen(qos_rate=0.951)), bins.state(seen(qos_rate=0.949))
    assert met[-1] == missed[-1] + 1 == 7


def test_edges_move_with_the_farm_and_not_with_an_old_run() -> None:
    wide = discretiser(load_config(assignments=["farm.max_workers=64", "agents.sarsa.bins=8"])).edges
    assert wide["arrival_rate"] == pytest.approx(2 * discretiser(EIGHT).edges["arrival_rate"])


@given(st.lists(st.lists(st.floats(0, 2**24, width=32), min_size=9, max_size=9), min_size=1, max_size=20))
def test_one_and_many_agree(rows: list[list[float]]) -> None:
    bins, observations = discretiser(EIGHT), np.array(rows, dtype=np.float32)
    assert [bins.state(each) for each in observations] == [tuple(row) for row in bins.states(observations).tolist()]
