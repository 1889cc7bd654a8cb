"""Workers that stop, die, hang or are fed poison: every task still has one result, or is dead with its reason."""

from __future__ import annotations

import json
import os
import signal

import pytest

from live.keys import key
from tests.contracts.backend import batch, steady
from tests.live.farms import busy_pid, checked, live_farm, run_out
from tests.live.servers import require_server

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def _server_program() -> None:
    require_server()


@pytest.mark.parametrize(
    ("handler", "reason", "settings"),
    [
        ("raises", "ValueError: no such picture", {}),
        ("exits", "SystemExit: 5", {}),
        ("vanishes", "exit code 9", {}),
        ("aborts", "signal 6", {}),
        ("eats_memory", "MemoryError", {"memory_limit_mb": 1024}),
        ("huge_result", "100000002 bytes; at most 1000000", {}),
        ("strange_result", "not JSON serializable", {}),
        ("hangs", "no progress for 0.6 s", {"hang_s": 0.6}),
    ],
)
def test_a_poison_task_ends_on_the_dead_list_with_its_reason(
    handler: str, reason: str, settings: dict[str, float]
) -> None:
    with live_farm(handler=f"tests.live.handlers:{handler}", **settings) as backend:
        backend.reset(steady(8, 10.0, 0.5), 3)
        seen = run_out(backend, 8)
        (buried,) = [json.loads(e) for e in backend.queues.client.lrange(key("farm", "dead"), 0, -1)]
        assert (buried["id"], buried["deliveries"]) == ("3", 3)
        assert reason in buried["reason"]
        verdict = checked(backend)
        assert verdict.dead == 1
        assert verdict.ok + verdict.recovered == 7
        missed = [bool(met) for telemetry in seen for met in telemetry.deadline_met]
        assert not all(missed)
        assert backend.outcomes().dead == {3: buried["reason"]}


def test_progress_keeps_a_slow_handler_alive() -> None:
    with live_farm(handler="tests.live.handlers:plods", hang_s=1.0) as backend:
        backend.reset(batch([0.0], 40.0), 1)
        run_out(backend, 1)
        assert checked(backend).ok == 1


def test_a_killed_worker_is_replaced_and_its_task_done_by_another() -> None:
    with live_farm(lease_s=60.0) as backend:
        backend.reset(batch([0.0, 0.0, 0.0], 5.0), 2)
        backend.advance(2.0)
        os.kill(busy_pid(backend), signal.SIGKILL)
        seen = run_out(backend, 3)
        assert seen[-1].workers_ready == 2
        verdict = checked(backend)
        assert (verdict.ok, verdict.recovered) == (2, 1)
        assert max(verdict.recovery_s) < 5


def test_told_to_leave_a_worker_finishes_its_task_first() -> None:
    with live_farm() as backend:
        backend.reset(batch([0.0] * 8, 5.0), 2)
        backend.advance(1.0)
        os.kill(busy_pid(backend), signal.SIGTERM)
        run_out(backend, 8)
        assert checked(backend).ok == 8
        (gone,) = [event.worker for event in backend.history() if event.kind == "left"]
        assert [event.kind for event in backend.history() if event.worker == gone].count("claimed") == 1


def test_when_the_grace_is_up_it_hands_the_task_back() -> None:
    with live_farm(drain_grace_s=0.2) as backend:
        backend.reset(batch([0.0], 10.0), 1)
        backend.advance(2.0)
        os.kill(busy_pid(backend), signal.SIGTERM)
        run_out(backend, 1)
        assert checked(backend).recovered == 1
        assert [event.kind for event in backend.history()].count("returned") == 1


def test_a_paused_worker_loses_its_task_and_its_late_result_is_refused() -> None:
    with live_farm() as backend:
        backend.reset(batch([0.0, 0.0], 6.0), 3)
        backend.advance(2.0)
        pid = busy_pid(backend)
        os.kill(pid, signal.SIGSTOP)
        try:
            run_out(backend, 2)
        finally:
            os.kill(pid, signal.SIGCONT)
        backend.advance(10.0)
        verdict = checked(backend)
        assert (verdict.ok, verdict.recovered, verdict.fenced) == (1, 1, 1)


def test_killed_emitter_and_collector_go_on_where_they_were() -> None:
    with live_farm() as backend:
        backend.reset(steady(60, 4.0, 0.5), 4)
        for name in ("emitter", "collector", "emitter"):
            backend.advance(3.0)
            backend.platform._processes.kill(name)  # type: ignore[attr-defined]
        run_out(backend, 60)
        assert checked(backend).ok == 60


def test_a_malformed_task_does_not_stop_the_farm() -> None:
    with live_farm() as backend:
        backend.reset(steady(10, 5.0, 0.3), 2)
        backend.queues.client.lpush(key("farm", "worker_queue"), "{not json", '{"id": null}')
        run_out(backend, 10)
        assert checked(backend).ok == 10
        assert backend.queues.client.llen(key("farm", "dead")) == 2
