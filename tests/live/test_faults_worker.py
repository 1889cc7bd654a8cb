"""Workers that stop, die, hang or are fed poison: every task still has one result, or is dead with its reason."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import psutil
import pytest

from autoscaling_env.errors import BackendError
from autoscaling_env.testing.backend import batch, steady
from live.backend import LiveBackend
from live.functions.handlers import Task
from live.wire.keys import key
from tests.live import handlers
from tests.live.farms import SharedFarms, busy_pid, checked, deadlines_met, done_once, live_farm, run_out
from tests.live.servers import require_server
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def _server_program() -> None:
    require_server()


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (handlers.raises, "ValueError: no such picture"),
        (handlers.exits, "SystemExit: 5"),
        (handlers.vanishes, "exit code 9"),
        (handlers.aborts, "signal 6"),
        (handlers.eats_memory, "MemoryError"),
        (handlers.huge_result, "100000002 bytes; at most 1000000"),
        (handlers.strange_result, "not JSON serializable"),
    ],
)
def test_a_poison_task_ends_on_the_dead_list_with_its_reason(
    shared: SharedFarms, poison: Callable[[Task], object], reason: str
) -> None:
    with shared.farm(handler="tests.live.handlers:poison", memory_limit_mb=1024) as backend:
        the_task_dies(backend, 10.0 + handlers.POISONS.index(poison), reason)


def test_a_task_that_hangs_ends_on_the_dead_list_with_its_reason(shared: SharedFarms) -> None:
    with shared.farm(handler="tests.live.handlers:hangs", hang_s=0.6) as backend:
        the_task_dies(backend, 10.0, "no progress for 0.6 s")


def the_task_dies(backend: LiveBackend, deadline_s: float, reason: str) -> None:
    """Task 3 is given up after three deliveries; the seven others are done."""
    tasks = steady(8, 10.0, 0.5)
    backend.reset(replace(tasks, deadline_s=np.full(8, deadline_s)), 3)
    seen = run_out(backend, 8)
    (buried,) = [json.loads(e) for e in backend.queues.client.lrange(key(backend.queues.farm, "dead"), 0, -1)]
    assert (buried["id"], buried["deliveries"]) == ("3", 3)
    assert reason in buried["reason"]
    verdict = checked(backend)
    assert verdict.dead == 1
    assert done_once(verdict) == 7
    assert deadlines_met(seen) < 8
    assert backend.outcomes().dead == {3: buried["reason"]}


def test_a_child_that_comes_back_from_the_handler_is_no_second_worker(shared: SharedFarms) -> None:
    with shared.farm(handler="tests.live.handlers:forks_and_returns") as backend:
        backend.reset(steady(10, 5.0, 0.3), 2)
        run_out(backend, 10)
        assert done_once(backend.verify()) == 10
        assert backend.verify().fenced == 0
        finished = [event.task for event in backend.history() if event.kind == "finished"]
        assert sorted(finished, key=int) == [str(number) for number in range(10)]


def test_what_a_handler_started_ends_with_its_worker() -> None:
    with live_farm(handler="tests.live.handlers:leaves_a_child") as backend:
        backend.reset(batch([0.0, 0.1], 1.0), 2)
        run_out(backend, 2)
        workers = [psutil.Process(backend.platform.pid(name)) for name in backend.outcomes().workers]  # type: ignore[attr-defined]
        children = [child for worker in workers for child in worker.children()]
        assert len(children) == 2
    _, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not alive


def test_a_handler_that_cannot_be_loaded_is_told_at_once() -> None:
    with live_farm(handler="no.such:thing") as backend:
        refused = pytest.raises(BackendError, match=r"the workers do not start: .*handler 'no.such:thing'")
        with refused as caught:
            backend.reset(batch([0.0], 0.1), 2)
        assert len(str(caught.value).splitlines()) == 1


def test_progress_keeps_a_slow_handler_alive(shared: SharedFarms) -> None:
    with shared.farm(handler="tests.live.handlers:plods", hang_s=1.0) as backend:
        backend.reset(batch([0.0], 20.0), 1)
        run_out(backend, 1)
        assert checked(backend).ok == 1


def test_a_killed_worker_is_replaced_and_its_task_done_by_another(shared: SharedFarms) -> None:
    with shared.farm(lease_s=60.0) as backend:
        backend.reset(batch([0.0, 0.0, 0.0], 5.0), 2)
        os.kill(busy_pid(backend), signal.SIGKILL)
        seen = run_out(backend, 3)
        assert seen[-1].workers_ready == 2
        verdict = checked(backend)
        assert done_once(verdict) == 3
        assert verdict.recovered >= 1
        assert max(verdict.recovery_s) < 5


def test_told_to_leave_a_worker_finishes_its_task_first(shared: SharedFarms) -> None:
    with shared.farm() as backend:
        backend.reset(batch([0.0] * 8, 5.0), 2)
        os.kill(busy_pid(backend), signal.SIGTERM)
        run_out(backend, 8)
        assert done_once(backend.verify()) == 8
        (gone,) = [event.worker for event in backend.history() if event.kind == "left"]
        assert [event.kind for event in backend.history() if event.worker == gone].count("claimed") == 1


@pytest.mark.parametrize("handler", ["live.functions.handlers:sleep", "tests.live.handlers:swallows"])
def test_when_the_grace_is_up_it_hands_the_task_back(shared: SharedFarms, handler: str) -> None:
    with shared.farm(drain_grace_s=0.2, handler=handler) as backend:
        backend.reset(batch([0.0], 10.0), 1)
        os.kill(busy_pid(backend), signal.SIGTERM)
        run_out(backend, 1)
        assert checked(backend).recovered == 1
        assert [event.kind for event in backend.history()].count("returned") == 1


def test_a_paused_worker_loses_its_task_and_its_late_result_is_refused(shared: SharedFarms) -> None:
    with shared.farm(lease_s=1.0) as backend:
        backend.reset(batch([0.0, 0.0], 6.0), 3)
        pid = busy_pid(backend)
        os.kill(pid, signal.SIGSTOP)
        try:
            run_out(backend, 2)
        finally:
            os.kill(pid, signal.SIGCONT)
        backend.advance(10.0)
        verdict = checked(backend)
        assert done_once(verdict) == 2
        assert min(verdict.recovered, verdict.fenced) >= 1


def test_killed_emitter_and_collector_go_on_where_they_were() -> None:
    with live_farm() as backend:
        backend.reset(steady(60, 4.0, 0.5), 4)
        for name in ("emitter", "collector", "emitter"):
            backend.advance(3.0)
            backend.platform._processes.kill(name)  # type: ignore[attr-defined]
        run_out(backend, 60)
        assert done_once(backend.verify()) == 60


def test_a_malformed_task_does_not_stop_the_farm(shared: SharedFarms) -> None:
    with shared.farm() as backend:
        backend.reset(steady(10, 5.0, 0.3), 2)
        backend.queues.client.lpush(key(backend.queues.farm, "worker_queue"), "{not json", '{"id": null}')
        run_out(backend, 10)
        assert done_once(backend.verify()) == 10
        assert backend.queues.client.llen(key(backend.queues.farm, "dead")) == 2
