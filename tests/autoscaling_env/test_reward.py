"""The reward's terms: each alone, all together, for one environment and for many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env.config import default_config
from autoscaling_env.reward import TERM_NAMES, StepOutcome, terms, total

CONFIG = default_config().reward
COST = CONFIG.model_copy(update={"objective": "cost"})
CALM = StepOutcome(
    worker_queue=0, qos_rate=1.0, workers=12, applied_delta=0, missed=0, step_s=8.0, terminated=False, truncated=False
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {"qos": 1.8, "comfort": 3.6}),
        ({"qos_rate": 0.9}, {"qos": -1.8}),
        ({"workers": 20}, {"qos": 1.8, "comfort": 3.6, "efficiency": -0.3}),
        ({"workers": 20, "worker_queue": 9}, {"qos": 1.8, "comfort": 3.6}),
        ({"worker_queue": 16}, {"qos": 1.8}),
        ({"worker_queue": 60}, {"qos": 1.8, "backlog": -2.5}),
        ({"applied_delta": 1}, {"qos": 1.8, "comfort": 3.6, "scaling": -0.08}),
        ({"applied_delta": 1, "qos_rate": 0.9}, {"qos": -1.8, "scaling": -0.08, "scale_up": 5.5}),
        ({"applied_delta": 2, "worker_queue": 31}, {"qos": 1.8, "scaling": -0.16, "scale_up": 11, "backlog": -0.0028}),
        ({"applied_delta": -1}, {"qos": 1.8, "comfort": 3.6, "scaling": -0.08, "scale_down": 0.1}),
        ({"applied_delta": -1, "qos_rate": 0.5}, {"qos": -16.2, "scaling": -0.08}),
        ({"truncated": True, "worker_queue": 5}, {"qos": 1.8, "comfort": 3.6, "unfinished": -10}),
        ({"truncated": True, "worker_queue": 500}, {"qos": 1.8, "backlog": -613.6111, "unfinished": -60}),
        ({"terminated": True}, {"qos": 1.8, "comfort": 3.6, "completion": 8}),
    ],
)
def test_shaped_terms(change: dict[str, float], expected: dict[str, float]) -> None:
    named = terms(replace(CALM, **change), CONFIG)
    assert tuple(named) == TERM_NAMES["shaped"]
    full = dict.fromkeys(TERM_NAMES["shaped"], 0.0) | expected
    assert {name: float(value) for name, value in named.items()} == pytest.approx(full, abs=1e-4)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {"workers": -0.096, "missed_deadlines": 0}),
        ({"missed": 4}, {"workers": -0.096, "missed_deadlines": -0.2}),
        ({"missed": 4, "worker_queue": 6}, {"workers": -0.096, "missed_deadlines": -0.2}),
        ({"missed": 4, "worker_queue": 6, "truncated": True}, {"workers": -0.096, "missed_deadlines": -0.5}),
    ],
)
def test_cost_terms(change: dict[str, float], expected: dict[str, float]) -> None:
    named = terms(replace(CALM, **change), COST)
    assert tuple(named) == TERM_NAMES["cost"]
    assert {name: float(value) for name, value in named.items()} == pytest.approx(expected)


outcomes = st.builds(
    StepOutcome,
    worker_queue=st.integers(0, 10_000),
    qos_rate=st.floats(0, 1),
    workers=st.integers(0, 1000),
    applied_delta=st.integers(-5, 5),
    missed=st.integers(0, 1000),
    step_s=st.just(8.0),
    terminated=st.booleans(),
    truncated=st.booleans(),
)


@given(st.lists(outcomes, min_size=1, max_size=8), st.sampled_from([CONFIG, COST]))
def test_arrays_give_what_numbers_give(alone, config) -> None:
    names = ("worker_queue", "qos_rate", "workers", "applied_delta", "missed", "terminated", "truncated")
    together = StepOutcome(**{name: np.array([getattr(o, name) for o in alone]) for name in names}, step_s=8.0)
    np.testing.assert_array_equal(total(terms(together, config)), [float(total(terms(o, config))) for o in alone])


def test_every_backlog_costs_the_same_alone_and_among_others() -> None:
    queues = np.arange(600)
    zero = np.zeros(600)
    together = StepOutcome(queues, zero, zero, zero, zero, 8.0, zero.astype(bool), zero.astype(bool))
    alone = [float(total(terms(replace(CALM, worker_queue=q, qos_rate=0.0, workers=0), CONFIG))) for q in range(600)]
    np.testing.assert_array_equal(total(terms(together, CONFIG)), alone)


@given(outcomes)
def test_reward_never_exceeds_its_best_step(outcome: StepOutcome) -> None:
    best = 1.8 + 3.6 + 5.5 * abs(outcome.applied_delta) + 8
    assert float(total(terms(outcome, CONFIG))) <= best + 1e-9
