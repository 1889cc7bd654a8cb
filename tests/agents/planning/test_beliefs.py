"""Beliefs about the farm: wrong ones fade with what is seen."""

import numpy as np
import pytest

from agents.planning.beliefs import ServiceBelief, StartupBelief

BELIEVED_S = np.random.default_rng(1).gamma(9.0, 1.0, size=2000)  # 9 s on average


def seen_step(step: int, busy: int, processed: float) -> dict[str, float]:
    return {
        "step": step,
        "busy_workers": busy,
        "workers_draining": 0,
        "step_duration_s": 8.0,
        "processed_in_step": processed,
    }


def test_work_that_takes_half_as_long_again_is_found_out() -> None:
    """Ten workers always busy do 80 s of work in a step: 36 tasks of 2.25 s, where 1.5 s were believed."""
    belief = ServiceBelief()
    assert belief.scale == pytest.approx(1.0, abs=0.02)
    for step in range(20):
        belief.update(seen_step(step, 10, 80 // 2.25), 1.5)
    assert belief.scale == pytest.approx(1.5, rel=0.1)


def test_what_is_as_believed_changes_nothing() -> None:
    belief = ServiceBelief()
    for step in range(20):
        belief.update(seen_step(step, 6, 32), 1.5)
    assert belief.scale == pytest.approx(1.0, rel=0.02)
    assert (belief.sample(4000, np.random.default_rng(0)) == 1.0).mean() > 0.9


def test_one_accident_moves_no_belief() -> None:
    belief = ServiceBelief()
    belief.update(seen_step(0, 6, 0), 1.5)
    belief.update(seen_step(1, 6, 24), 1.5)  # a third more work than was expected
    assert belief.scale == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("true_scale", [0.5, 1.0, 1.5])
def test_start_up_times_are_learned_from_the_steps_in_which_workers_became_ready(true_scale: float) -> None:
    rng, belief = np.random.default_rng(2), StartupBelief(BELIEVED_S)
    for startup_s in true_scale * rng.gamma(9.0, 1.0, size=60):
        step = startup_s // 8.0
        belief.update([(8.0 * step, 8.0 * (step + 1))])
    assert belief.scale == pytest.approx(true_scale, rel=0.25)  # steps of 8 s tell little of 4.5 s
    assert belief.weights.sum() == pytest.approx(1.0)


def test_what_is_left_of_a_start_up_is_that_of_those_that_take_longer() -> None:
    rng, belief = np.random.default_rng(0), StartupBelief(BELIEVED_S)
    ages_s = np.full(4000, 10.0)
    longer = BELIEVED_S[BELIEVED_S > 10.0]
    left_s = belief.left_s(1.0, ages_s, rng)
    assert left_s.min() > 0
    assert left_s.mean() == pytest.approx(longer.mean() - 10.0, rel=0.05)
    assert belief.left_s(1.0, np.full(5, 1e4), rng) == pytest.approx(np.full(5, 0.1 * BELIEVED_S.mean()))
