"""What is remembered of an episode."""

from typing import Any

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from agents.planning.memory import Memory


def info(step: int, **changed: Any) -> dict[str, Any]:
    usual = {
        "step": step,
        "time_s": 8.0 * step,
        "step_duration_s": 8.0,
        "enqueued_total": 0,
        "qos_violations": 0,
        "applied_delta": 0,
        "workers_starting": 0,
        "processed_in_step": 0,
        "workers_ready": 3,
        "busy_workers": 1,
        "workers_draining": 0,
    }
    return {**usual, **changed}


def test_collected_tasks_are_spread_over_their_step_and_forgotten_with_the_window() -> None:
    memory = Memory(window_s=16.0)
    memory.update(info(0))
    memory.update(info(1, processed_in_step=4, qos_violations=2))
    memory.update(info(2, processed_in_step=1, qos_violations=2))
    state = memory.state(info(2))
    assert_allclose(state.collected_s, [-15.0, -13.0, -11.0, -9.0, -4.0])
    assert (state.met.sum(), state.met[-1]) == (3, True)
    memory.update(info(3, qos_violations=2))
    assert_allclose(memory.state(info(3)).collected_s, [-12.0])


def test_workers_become_ready_from_the_oldest_on_and_are_given_up_from_the_newest_on() -> None:
    memory = Memory(window_s=16.0)
    memory.update(info(0))
    memory.update(info(1, applied_delta=2, workers_starting=2))
    memory.update(info(2, applied_delta=2, workers_starting=3))
    assert memory.became_ready_s == [(8.0, 16.0)]
    assert_allclose(memory.ages_s(info(2, workers_starting=3)), [16.0, 8.0, 8.0])
    memory.update(info(3, applied_delta=-1, workers_starting=2))
    assert memory.became_ready_s == []
    assert_allclose(memory.ages_s(info(3, workers_starting=2)), [24.0, 16.0])


def test_what_was_starting_before_the_episode_has_no_age() -> None:
    memory = Memory(window_s=16.0)
    memory.update(info(0, workers_starting=2))
    assert_array_equal(memory.ages_s(info(0, workers_starting=2)), np.zeros(2))


def test_what_came_while_nobody_looked_came_evenly() -> None:
    memory = Memory(window_s=16.0)
    memory.update(info(0))
    memory.update(info(1, enqueued_total=18))
    memory.update(info(2, enqueued_total=18 + 41, time_s=40.0))  # four steps in one
    memory.update(info(3, enqueued_total=18 + 41 + 9, time_s=48.0))
    assert memory.arrived == [18, 10, 10, 10, 11, 9]


def test_a_clock_that_lags_makes_no_steps() -> None:
    memory = Memory(window_s=16.0)
    for step, time_s in enumerate((0.0, 0.0, 15.0, 15.0, 30.0)):  # scraped every 15 s, looked at every 8 s
        memory.update(info(step, enqueued_total=step, time_s=time_s))
    assert memory.arrived == [1, 1, 1, 1]
