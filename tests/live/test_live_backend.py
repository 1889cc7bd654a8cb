"""What the live farm does beyond the contract: absolute deadlines, the simulator's delays, records, verdicts."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from autoscaling_env.backend import Backend, TaskLogging
from autoscaling_env.config.distributions import ShiftedGamma
from autoscaling_env.errors import BackendError
from autoscaling_env.testing.backend import batch, steady
from live.backend import LiveBackend, startup_delays
from live.functions.emitter import Emitter
from live.functions.settings import FunctionSettings
from live.platform import Roster, WorkerCounts
from live.platforms.local.platform import LocalPlatform
from live.snapshot import Snapshot
from live.wire.tasks import segments
from simulator.delays import startup_delays as simulated_delays
from tests.live.farms import (
    SharedFarms,
    advance_until,
    done_once,
    farm_config,
    live_config,
    live_farm,
    run_out,
)
from tests.live.servers import require_server
from tests.waiting import until

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def _server_program() -> None:
    require_server()


def test_it_is_a_backend_that_logs_tasks(shared: SharedFarms) -> None:
    with shared.farm() as backend:
        assert isinstance(backend, Backend)
        assert isinstance(backend, TaskLogging)


def test_startup_delays_are_the_simulators_draws() -> None:
    farm = farm_config().model_copy(update={"startup": ShiftedGamma(shift_s=4.0, shape=2.0, scale_s=0.5)})
    mine = list(islice(startup_delays(farm, 11, 0.1), 200))
    np.testing.assert_allclose(mine, simulated_delays(farm, 11, 200)[:200] * 0.1)


def test_steps_end_at_absolute_moments_however_late_the_decision(shared: SharedFarms) -> None:
    with shared.farm() as backend:
        backend.reset(batch([50.0], 0.1), 1)
        backend.advance(2.0)
        time.sleep(0.3)
        telemetry = backend.advance(5.0)
        assert telemetry.time_s == 7.0
        assert 7.0 <= backend.elapsed_s() < 9.0


def test_a_window_holds_only_what_was_collected_before_its_end(shared: SharedFarms) -> None:
    with shared.farm() as backend:
        backend.reset(steady(60, 10.0, 0.2), 4)
        seen = run_out(backend, 60, step_s=0.5)
        start_s = 0.0
        for telemetry in seen:
            assert ((telemetry.collected_s >= start_s) & (telemetry.collected_s < telemetry.time_s)).all()
            start_s = telemetry.time_s


def test_the_task_log_tells_each_tasks_life_in_order(shared: SharedFarms) -> None:
    with shared.farm() as backend:
        tasks = steady(30, 5.0, 0.4)
        backend.reset(tasks, 3)
        run_out(backend, 30)
        log = backend.task_log()
        assert (log.started_s >= tasks.arrival_s - 1e-3).all()
        assert (log.finished_s - log.started_s >= tasks.service_s).all()
        assert (log.collected_s >= log.finished_s).all()
        assert (np.diff(log.started_s) >= 0).all()


def test_the_start_log_pairs_requests_with_workers(shared: SharedFarms) -> None:
    with shared.farm(startup_s=2.0) as backend:
        backend.reset(batch([50.0], 0.1), 2)
        backend.scale_to(3)
        backend.advance(1.0)
        backend.scale_to(4)
        backend.scale_to(3)
        advance_until(backend, lambda t: t.workers_ready == 3, "the third is ready")
        again_s = backend.elapsed_s()
        backend.scale_to(4)
        advance_until(backend, lambda t: t.workers_ready == 4, "the fourth is ready")
        log = backend.start_log()
        assert len(log.ready_s) == 2
        assert log.asked_s[0] < 1.0
        assert log.asked_s[1] >= again_s  # not when the one that was taken back was asked for
        assert (log.ready_s - log.asked_s >= 1.99).all()


def test_real_start_up_is_as_quick_as_it_is(shared: SharedFarms) -> None:
    with shared.farm(startup_s=1000.0, startup="real", time_scale=1.0) as backend:
        backend.reset(batch([50.0], 0.1), 1)
        backend.scale_to(3)
        until(lambda: backend.advance(0.2).workers_ready == 3, "two more workers are ready")


def test_the_worker_that_is_free_first_leaves(shared: SharedFarms) -> None:
    with shared.farm() as backend:
        backend.reset(batch([0.0, 0.0], [12.0, 6.0]), 2)
        backend.advance(2.0)
        backend.scale_to(1)
        run_out(backend, 2)
        left = next(event for event in backend.history() if event.kind == "left")
        assert left.worker == backend.outcomes().workers[1]


def test_a_step_that_ends_late_is_told_about(shared: SharedFarms, caplog: pytest.LogCaptureFixture) -> None:
    with shared.farm() as backend:
        backend.reset(batch([50.0], 0.1), 1)
        time.sleep(0.3)
        backend.advance(1.0)
        assert "raise live.time_scale" in caplog.text
        backend.advance(1.0)  # late as well, but not twice as late
        assert caplog.text.count("raise live.time_scale") == 1
        time.sleep(0.9)
        backend.advance(1.0)
        assert caplog.text.count("raise live.time_scale") == 2


def test_the_collector_takes_its_time(shared: SharedFarms) -> None:
    with shared.farm(collect_s=1.0) as backend:
        backend.reset(batch([0.0, 0.0, 0.0], 0.5), 3)
        run_out(backend, 3)
        gaps_s = np.diff(np.sort(backend.task_log().collected_s))
        assert (gaps_s >= 1.0).all()


def test_deadlines_count_from_the_arrival(shared: SharedFarms) -> None:
    with shared.farm() as backend:
        tasks = batch([0.0, 0.0, 0.0], 2.0)
        backend.reset(replace(tasks, deadline_s=np.array([100.0, 100.0, 5.0])), 1)
        seen = run_out(backend, 3)
        assert [bool(met) for telemetry in seen for met in telemetry.deadline_met] == [True, True, False]


def test_before_reset_and_after_close_it_says_so() -> None:
    with live_farm() as backend:
        with pytest.raises(BackendError, match="call reset"):
            backend.advance(1.0)
        backend.close()
        with pytest.raises(BackendError, match="was closed"):
            backend.reset(batch([0.0], 0.1), 1)


def test_segments_hold_every_task_once_and_know_the_next() -> None:
    tasks = batch([0.0, 1.0, 2.0, 2.0, 5.0], 0.5)
    tasks = type(tasks)(tasks.arrival_s, tasks.service_s, tasks.deadline_s, np.array([0.0, 2.0, 3.0]), 1)
    from live.wire.segments import parse_segment

    parsed = [parse_segment(text) for text in segments(tasks)]
    assert [[task[0] for task in segment.tasks] for segment in parsed] == [[0, 1], [2, 3], [4]]
    assert [(segment.start_s, segment.next_s) for segment in parsed] == [(0.0, 2.0), (2.0, 3.0), (3.0, None)]


def test_a_short_rampage_loses_nothing(shared: SharedFarms) -> None:
    """The long one is ``benchmarks/bench_live.py noloss``."""
    import os
    import random
    import signal

    with shared.farm(time_scale=1.0) as backend:
        backend.reset(steady(1500, 300.0, 0.01), 8)
        dice = random.Random(3)  # noqa: S311 - faults, not secrets
        collected = 0
        while collected < 1500:
            workers = sorted(name for name in backend.platform._processes.pids if name.startswith("worker"))  # type: ignore[attr-defined]
            os.kill(backend.platform.pid(dice.choice(workers)), signal.SIGKILL)  # type: ignore[attr-defined]
            collected = backend.advance(0.5).output_queue
        assert done_once(backend.verify()) == 1500


class SlowClock:
    """Our clock, and a server whose answers take a while."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += max(0.0, seconds)


def test_an_answer_that_was_waited_for_does_not_shift_the_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server says when the episode began; its first answer takes two seconds to come back."""
    clock, waits_s = SlowClock(), iter([2.0, 0.0, 0.5])

    def start() -> tuple[int, int]:
        now_us = int(clock.now_s * 1e6)
        clock.now_s += next(waits_s)
        return 100_000_000, now_us

    backend = LiveBackend(farm_config(), live_config(), NoPlatform(), "redis://nowhere", clock=clock)
    monkeypatch.setattr(backend._controller, "start", start)
    backend._start(Snapshot(0, 0, "", "", 1, 0, 0, 0, 0, 0, (), {}, ()))
    assert backend._zero == 100.0


class NoPlatform(LocalPlatform):
    def __init__(self) -> None:
        pass

    def counts(self, roster: Roster) -> WorkerCounts:
        return WorkerCounts(0, 0, 0, 0, 0)


def test_the_emitter_believes_the_quickest_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeated command says what the time was at the end of the wait, not in the middle of it."""
    clock, waits_s = SlowClock(), itertools.chain([5.0], itertools.repeat(0.001))

    def server_time_us() -> int:
        clock.now_s += next(waits_s)
        return int(clock.now_s * 1e6)

    emitter = Emitter(FunctionSettings(redis_url="redis://nowhere"))
    monkeypatch.setattr(emitter._queues, "server_time_us", server_time_us)
    monkeypatch.setattr(time, "monotonic", clock.now)
    assert emitter._local_time_of(90_000_000) == pytest.approx(90.0, abs=0.002)
