"""The Backend contract as tests: inherit ``BackendContract``, say how your farm is made, and it must pass.

A simulated farm is ``exact``: the same seed gives the same telemetry to the bit, and windows are half-open to
the instant. A real one is held to the same laws, and to instants within ``tolerance_s``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from autoscaling_env.backend import Backend
from autoscaling_env.config.distributions import Constant
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import TaskBatch, Telemetry


def batch(
    arrival_s: list[float], service_s: float | list[float], *, seed: int = 1, deadline_s: float = 1.0
) -> TaskBatch:
    """Return a batch of explicit tasks in one segment."""
    arrivals = np.array(arrival_s, dtype=np.float64)
    services = np.broadcast_to(np.asarray(service_s, dtype=np.float64), arrivals.shape).copy()
    return TaskBatch(arrivals, services, np.full(len(arrivals), deadline_s), np.zeros(1), seed)


def steady(count: int, per_s: float, service_s: float) -> TaskBatch:
    """Return ``count`` tasks at even distances."""
    return batch((np.arange(count) / per_s).tolist(), service_s)


class BackendContract:
    """Laws of every farm."""

    exact = True
    tolerance_s = 0.0

    def make_backend(self, farm: FarmConfig) -> Backend:
        """Return a new farm; it is closed after the test."""
        raise NotImplementedError

    def farm_config(self, *, startup_s: float = 2.0, pickup_s: float = 0.0, collect_s: float = 0.0) -> FarmConfig:
        """Return a farm with constant delays."""
        return FarmConfig(
            min_workers=0,
            max_workers=8,
            initial_workers=2,
            pickup=Constant(value_s=pickup_s),
            collect_s=collect_s,
            startup=Constant(value_s=startup_s),
        )

    @pytest.fixture
    def backend(self) -> Iterator[Backend]:
        """Make a farm with constant delays."""
        farm = self.make_backend(self.farm_config())
        yield farm
        farm.close()

    def check(self, telemetry: Telemetry, tasks: TaskBatch) -> None:
        """Hold one telemetry against the laws of ``Telemetry``."""
        assert telemetry.workers_requested == telemetry.workers_ready + telemetry.workers_starting
        assert 0 <= telemetry.workers_busy <= telemetry.workers_ready
        assert telemetry.enqueued_total <= len(tasks)
        in_farm = telemetry.worker_queue + telemetry.result_queue + telemetry.output_queue
        in_hands = telemetry.workers_busy + telemetry.workers_draining
        assert in_farm <= telemetry.enqueued_total
        if self.exact:
            assert telemetry.enqueued_total == in_farm + in_hands
        assert len(telemetry.collected_s) == len(telemetry.response_s) == len(telemetry.deadline_met)
        assert (np.diff(telemetry.collected_s) >= 0).all()
        assert (telemetry.collected_s < telemetry.time_s + self.tolerance_s + (0 if self.exact else 1e-9)).all()

    def drain(self, backend: Backend, tasks: TaskBatch, *, step_s: float = 1.0, limit: int = 60) -> list[Telemetry]:
        """Advance until every task is collected; fail when that takes more than ``limit`` steps."""
        seen: list[Telemetry] = []
        for _ in range(limit):
            seen.append(backend.advance(step_s))
            self.check(seen[-1], tasks)
            if seen[-1].output_queue == len(tasks) and seen[-1].input_queue == 0:
                return seen
        pytest.fail(f"{len(tasks) - seen[-1].output_queue} of {len(tasks)} tasks not collected in {limit} steps")

    def test_reset_is_a_fresh_farm_at_time_zero(self, backend: Backend) -> None:
        telemetry = backend.reset(steady(5, 1.0, 0.5), 2)
        assert telemetry.time_s == 0
        assert telemetry.input_queue == 1
        assert (telemetry.workers_requested, telemetry.workers_ready, telemetry.workers_busy) == (2, 2, 0)
        assert telemetry.enqueued_total == telemetry.worker_queue == telemetry.output_queue == 0
        assert len(telemetry.collected_s) == 0

    def test_every_task_is_collected_once(self, backend: Backend) -> None:
        tasks = steady(20, 5.0, 0.3)
        backend.reset(tasks, 2)
        seen = self.drain(backend, tasks)
        assert sum(len(t.collected_s) for t in seen) == len(tasks)
        services = np.concatenate([t.service_s for t in seen])
        np.testing.assert_array_equal(np.sort(services), np.sort(tasks.service_s))

    def test_response_is_waiting_and_service(self, backend: Backend) -> None:
        tasks = batch([0.0, 0.0, 0.0], 0.5)
        backend.reset(tasks, 1)
        response_s = np.concatenate([t.response_s for t in self.drain(backend, tasks)])
        assert response_s == pytest.approx([0.5, 1.0, 1.5], abs=self.tolerance_s)

    def test_deadline_is_met_up_to_and_including_it(self, backend: Backend) -> None:
        tasks = batch([0.0, 0.0], 0.5, deadline_s=0.75)
        backend.reset(tasks, 1)
        met = np.concatenate([t.deadline_met for t in self.drain(backend, tasks)])
        assert met.tolist() == [True, False]

    def test_scaling_up_takes_the_startup_delay(self, backend: Backend) -> None:
        backend.reset(batch([30.0], 0.1), 2)
        outcome = backend.scale_to(4)
        assert (outcome.requested, outcome.accepted, outcome.reason) == (4, 4, ScaleReason.OK)
        early = backend.advance(1.0)
        assert (early.workers_requested, early.workers_starting) == (4, 2)
        late = backend.advance(1.5 + self.tolerance_s)
        assert (late.workers_ready, late.workers_starting) == (4, 0)

    def test_scale_to_is_absolute_and_idempotent(self, backend: Backend) -> None:
        backend.reset(batch([30.0], 0.1), 2)
        for _ in range(3):
            assert backend.scale_to(5).accepted == 5
        assert backend.advance(1.0).workers_requested == 5

    def test_starting_workers_are_removed_first(self, backend: Backend) -> None:
        backend.reset(batch([30.0], 0.1), 2)
        backend.scale_to(5)
        backend.advance(0.5)
        backend.scale_to(3)
        telemetry = backend.advance(0.5)
        assert (telemetry.workers_ready, telemetry.workers_starting) == (2, 1)

    def test_idle_workers_go_before_busy_ones(self, backend: Backend) -> None:
        tasks = batch([0.0], 2.0)
        backend.reset(tasks, 2)
        assert backend.advance(1.0).workers_busy == 1
        backend.scale_to(1)
        telemetry = backend.advance(0.5)
        assert (telemetry.workers_busy, telemetry.workers_draining, telemetry.workers_ready) == (1, 0, 1)

    def test_a_busy_worker_finishes_and_leaves(self, backend: Backend) -> None:
        tasks = batch([0.0, 0.0], [1.5, 3.0])
        backend.reset(tasks, 2)
        backend.advance(0.75)
        backend.scale_to(1)
        draining = backend.advance(0.25)
        assert (draining.workers_draining, draining.workers_busy, draining.workers_requested) == (1, 1, 1)
        seen = self.drain(backend, tasks, step_s=0.5)
        assert seen[-1].workers_draining == 0
        assert sum(len(t.collected_s) for t in seen) == 2

    def test_removing_all_workers_keeps_the_tasks(self, backend: Backend) -> None:
        tasks = batch([0.0, 0.1, 0.2, 0.3], 1.2)
        backend.reset(tasks, 1)
        backend.advance(0.75)
        backend.scale_to(0)
        stopped = backend.advance(1.75 + self.tolerance_s)
        assert (stopped.workers_requested, stopped.worker_queue, stopped.output_queue) == (0, 3, 1)
        backend.scale_to(2)
        self.drain(backend, tasks)

    def test_scaling_under_load_loses_nothing(self, backend: Backend) -> None:
        tasks = steady(40, 8.0, 0.4)
        backend.reset(tasks, 4)
        collected = 0
        for workers in (1, 6, 2, 8, 1, 3):
            backend.scale_to(workers)
            telemetry = backend.advance(0.7)
            self.check(telemetry, tasks)
            collected += len(telemetry.collected_s)
        backend.scale_to(4)
        collected += sum(len(t.collected_s) for t in self.drain(backend, tasks))
        assert collected == len(tasks)

    def test_reset_leaves_no_trace_of_what_ran_before(self, backend: Backend) -> None:
        backend.reset(steady(30, 10.0, 0.5), 3)
        backend.scale_to(6)
        backend.advance(1.0)
        tasks = batch([0.5], 0.25)
        telemetry = backend.reset(tasks, 1)
        assert (telemetry.time_s, telemetry.output_queue, telemetry.workers_requested) == (0, 0, 1)
        seen = self.drain(backend, tasks)
        assert sum(len(t.collected_s) for t in seen) == 1
        assert seen[-1].enqueued_total == 1

    def test_no_task_at_all(self, backend: Backend) -> None:
        backend.reset(batch([], 1.0), 2)
        telemetry = backend.advance(1.0)
        assert (telemetry.input_queue, telemetry.enqueued_total, telemetry.output_queue) == (0, 0, 0)

    def test_segments_leave_the_input_queue_as_they_start(self, backend: Backend) -> None:
        tasks = TaskBatch(
            np.array([0.5, 1.5]), np.full(2, 0.1), np.ones(2), np.array([0.0, 1.0, 2.0 + self.tolerance_s]), 1
        )
        assert backend.reset(tasks, 1).input_queue == 3
        assert backend.advance(0.75).input_queue == 2
        assert backend.advance(0.75).input_queue == 1

    def test_advance_needs_a_positive_duration(self, backend: Backend) -> None:
        backend.reset(batch([0.0], 0.1), 1)
        with pytest.raises(ValueError, match="must be > 0"):
            backend.advance(0.0)

    def test_close_twice(self, backend: Backend) -> None:
        backend.reset(batch([0.0], 0.1), 1)
        backend.close()
        backend.close()


class ExactBackendContract(BackendContract):
    """Further laws of a farm whose time is simulated."""

    def test_windows_are_half_open(self, backend: Backend) -> None:
        backend.reset(batch([1.0], 1.0), 1)
        assert backend.advance(1.0).enqueued_total == 0
        assert backend.advance(1.0).output_queue == 0
        assert backend.advance(1.0).output_queue == 1

    def test_pickup_delays_only_tasks_that_meet_an_idle_worker(self) -> None:
        backend = self.make_backend(self.farm_config(pickup_s=0.25))
        backend.reset(batch([0.0, 0.5], 1.0), 1)
        assert backend.advance(10.0).response_s.tolist() == [1.25, 1.75]

    def test_collector_takes_its_time_in_order(self) -> None:
        backend = self.make_backend(self.farm_config(collect_s=0.5))
        backend.reset(batch([0.0, 0.0], 1.0), 2)
        assert backend.advance(10.0).collected_s.tolist() == [1.5, 2.0]

    def test_the_one_who_is_free_first_drains(self, backend: Backend) -> None:
        tasks = batch([0.0, 0.0, 3.0], [4.0, 2.0, 0.5])
        backend.reset(tasks, 2)
        backend.advance(1.0)
        backend.scale_to(1)
        collected = np.concatenate([backend.advance(1.0).collected_s for _ in range(6)])
        assert collected.tolist() == [2.0, 4.0, 4.5]

    def test_same_seed_same_bytes(self) -> None:
        def run() -> bytes:
            backend = self.make_backend(self.farm_config(pickup_s=0.1))
            backend.reset(steady(50, 6.0, 0.4), 2)
            seen = []
            for workers in (2, 4, 3, 6, 1, 2, 2):
                backend.scale_to(workers)
                seen.append(backend.advance(1.3))
            return b"".join(t.collected_s.tobytes() + t.response_s.tobytes() for t in seen)

        assert run() == run()
