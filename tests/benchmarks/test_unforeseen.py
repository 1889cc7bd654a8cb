"""What a planner is told of an episode is what comes."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from agents.planning.service import ServicePool
from autoscaling_env.types import TaskBatch
from benchmarks.unforeseen import ToldCounts, ToldTimes, ToldWork

#: Two tasks in the second step, three in the fourth.
BATCH = TaskBatch(
    np.array([11.0, 12.0, 30.5, 31.0, 39.9]), np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.full(5, 9.0), seed=0
)
RNG = np.random.default_rng(0)
SEEN = ServicePool(np.zeros(1), np.array([7.0]), np.array([8.0]))


def foreseen(after: int, horizon: int) -> tuple[ToldCounts, np.ndarray]:
    told = ToldCounts(BATCH, 10.0, 50.0)
    return told, told.sample(np.zeros(after, dtype=np.int64), horizon, 3, RNG)


def test_counts_are_those_that_come_and_nothing_after_the_end() -> None:
    _, counts = foreseen(1, 6)
    assert_array_equal(counts, [[2, 0, 3, 0, 0, 0]] * 3)


def test_tasks_are_placed_where_they_come() -> None:
    told, counts = foreseen(1, 3)
    placed = ToldTimes(BATCH, 10.0, told).place(counts[:2].ravel(), RNG)
    assert_allclose(placed, [0.1, 0.2, 2.05, 2.1, 2.99, 3.1, 3.2, 5.05, 5.1, 5.99])


def test_work_is_told_of_what_comes_and_drawn_of_what_has_come() -> None:
    told, _ = foreseen(3, 2)
    work = ToldWork(BATCH, SEEN, lambda: 10.0 * told.last[1])
    service_s, deadline_s = work.draw(np.array([11.0, 12.0, 30.5, 39.9]), RNG)
    assert_array_equal(service_s, [7.0, 7.0, 3.0, 5.0])
    assert_array_equal(deadline_s, [8.0, 8.0, 9.0, 9.0])
    assert work.draw_begun(np.array([31.0]), RNG)[0] <= 7.0
