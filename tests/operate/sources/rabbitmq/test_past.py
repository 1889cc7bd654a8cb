"""From the samples of a counter to the messages of each step."""

from __future__ import annotations

import numpy as np

from operate.sources.rabbitmq.past import counted


def test_the_counter_between_the_edges_is_what_came():
    samples = [(100.0 + n, 50.0 + 3 * n) for n in range(11)]
    np.testing.assert_array_equal(counted(samples[::-1], 2.0, 5), [6, 6, 6, 6, 6])


def test_steps_before_anything_is_known_are_left_out():
    samples = [(100.0 + n, 0.0 if n < 6 else 40.0 + n) for n in range(11)]
    np.testing.assert_array_equal(counted(samples, 1.0, 10), [1, 1, 1, 1])


def test_a_server_that_started_anew_counts_from_zero():
    samples = [(100.0, 50.0), (101.0, 52.0), (102.0, 0.0), (103.0, 4.0)]
    np.testing.assert_array_equal(counted(samples, 1.0, 3), [2, 0, 4])


def test_of_a_queue_that_was_never_used_nothing_is_known():
    assert len(counted([(100.0, 0.0), (101.0, 0.0)], 1.0, 1)) == 0
    assert len(counted([], 1.0, 10)) == 0
