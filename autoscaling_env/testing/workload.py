"""The contract of ``autoscaling_env.workload.Workload`` as tests: inherit and give a ``workload`` fixture."""

from __future__ import annotations

import numpy as np

from autoscaling_env.types import FloatArray, TaskBatch
from autoscaling_env.workload import Workload

SEEDS = (0, 1, 2**53 - 1)


def same(left: TaskBatch, right: TaskBatch) -> bool:
    """Whether two batches are equal to the bit."""
    names = ("arrival_s", "service_s", "deadline_s", "segment_start_s")
    return all(getattr(left, name).tobytes() == getattr(right, name).tobytes() for name in names)


def check_batch(batch: TaskBatch) -> None:
    """Raise ``ValueError`` naming the first broken rule of ``TaskBatch``."""
    if not (len(batch.arrival_s) == len(batch.service_s) == len(batch.deadline_s)):
        raise ValueError("arrival_s, service_s and deadline_s must be equally long")
    for name in ("arrival_s", "service_s", "deadline_s", "segment_start_s"):
        values: FloatArray = getattr(batch, name)
        if values.dtype != np.float64 or values.ndim != 1:
            raise ValueError(f"{name} must be a flat float64 array")
        if not np.isfinite(values).all() or (values < 0).any():
            raise ValueError(f"{name} must be finite and >= 0")
    if (np.diff(batch.arrival_s) < 0).any() or (np.diff(batch.segment_start_s) < 0).any():
        raise ValueError("arrival_s and segment_start_s must be sorted")
    if len(batch.segment_start_s) == 0 or batch.segment_start_s[0] != 0:
        raise ValueError("segment_start_s must start at 0")


class WorkloadContract:
    """What every source of tasks promises.

    Attributes:
        drifts: its time is random: tasks may arrive after ``duration_s``, which is what was declared.
    """

    drifts = False

    def test_is_a_workload(self, workload: Workload) -> None:
        assert isinstance(workload, Workload)
        assert workload.name
        assert workload.duration_s > 0
        assert workload.mean_service_s >= 0

    def test_a_batch_obeys_its_rules(self, workload: Workload) -> None:
        for seed in SEEDS:
            batch = workload.draw(seed)
            check_batch(batch)
            assert len(batch) > 0
            assert batch.seed == seed
            assert (batch.deadline_s > 0).all()

    def test_tasks_arrive_within_the_duration(self, workload: Workload) -> None:
        for batch in (*map(workload.draw, SEEDS), workload.draw(4, phase_order_seed=9)):
            limit_s = 2 * workload.duration_s if self.drifts else workload.duration_s
            assert batch.arrival_s[-1] < limit_s
            assert batch.segment_start_s[-1] < limit_s

    def test_the_same_seed_gives_the_same_bytes(self, workload: Workload) -> None:
        for seed in SEEDS:
            assert same(workload.draw(seed), workload.draw(seed))
            assert same(workload.draw(seed, phase_order_seed=5), workload.draw(seed, phase_order_seed=5))

    def test_a_batch_is_nobodys_but_the_callers(self, workload: Workload) -> None:
        untouched = workload.draw(3)
        spoilt = workload.draw(3)
        for values in (spoilt.arrival_s, spoilt.service_s, spoilt.deadline_s):
            values[:] = 1.0
        assert same(workload.draw(3), untouched)

    def test_the_order_of_phases_changes_no_amount(self, workload: Workload) -> None:
        straight, shuffled = workload.draw(4), workload.draw(4, phase_order_seed=9)
        assert len(straight) == len(shuffled)
        np.testing.assert_array_equal(np.sort(straight.service_s), np.sort(shuffled.service_s))

    def test_the_mean_service_time_is_that_of_the_tasks(self, workload: Workload) -> None:
        """Within six standard errors of the mean of 20 episodes."""
        drawn = np.concatenate([workload.draw(seed).service_s for seed in range(20)])
        error = drawn.std() / np.sqrt(len(drawn))
        assert abs(drawn.mean() - workload.mean_service_s) <= 6 * error + 1e-12
        assert abs(drawn.mean() - workload.mean_service_s) <= 0.25 * workload.mean_service_s + 1e-12

    def test_notes_are_sentences(self, workload: Workload) -> None:
        assert all(note.endswith(".") and "\n" not in note for note in workload.notes)
