"""Farms beside each other, after each other, and after a crash: nobody's leftovers count, nothing stays behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from autoscaling_env.errors import BackendError
from autoscaling_env.testing.backend import batch, steady
from live.errors import FarmLost
from live.wire.keys import key
from tests.live.farms import SharedFarms, done_once, first_lease, live_farm, run_out
from tests.live.servers import RunningServer, require_server
from tests.waiting import until

pytestmark = pytest.mark.live


@pytest.fixture
def doomed(own_server: RunningServer) -> Iterator[subprocess.Popen[str]]:
    """A controller in the middle of an episode on ``own_server``."""
    yield from controller(own_server.url)


@pytest.fixture
def doomed_with_own_server() -> Iterator[subprocess.Popen[str]]:
    require_server()
    yield from controller("")


def controller(url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.live.controller_program", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def told(process: subprocess.Popen[str]) -> tuple[list[psutil.Process], Path]:
    """Return what it started, and its private directory."""
    assert process.stdout is not None
    *pids, directory = process.stdout.readline().split()
    return [psutil.Process(int(pid)) for pid in pids], Path(directory)


def running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_two_farms_on_one_server_do_not_meet(shared: SharedFarms) -> None:
    with shared.farm(farm="left") as left, shared.farm(farm="right") as right:
        left.reset(steady(20, 5.0, 0.3), 2)
        right.reset(steady(30, 5.0, 0.3), 2)
        run_out(right, 30)
        run_out(left, 20)
        assert (done_once(left.verify()), done_once(right.verify())) == (20, 30)


def test_a_second_controller_on_one_farm_is_refused(server: RunningServer) -> None:
    with live_farm(redis_url=server.url, farm="one") as first, live_farm(redis_url=server.url, farm="one") as second:
        first.reset(steady(5, 2.0, 0.3), 1)
        with pytest.raises(BackendError, match=r"is controlled by .*use another live\.farm"):
            second.reset(steady(5, 2.0, 0.3), 1)
        run_out(first, 5)
        assert done_once(first.verify()) == 5


def test_a_controller_that_lost_its_farm_is_told(server: RunningServer) -> None:
    with live_farm(redis_url=server.url, farm="lost") as first:
        first.reset(steady(50, 2.0, 0.3), 1)
        first._keeper.close()  # as if its process were paused for a minute
        first.queues.client.hset(key("lost", "episode"), "controller_until_us", "0")
        with live_farm(redis_url=server.url, farm="lost") as second:
            second.reset(steady(5, 2.0, 0.3), 1)
            with pytest.raises(FarmLost, match="another controller began episode"):
                first.advance(1.0)
            # The first one's workers may still live and follow on; they must not be taken for the second one's.
            mine, yours = (set(farm.platform._workers) for farm in (first, second))  # type: ignore[attr-defined]
            assert mine
            assert yours
            assert not mine & yours
            run_out(second, 5)
            assert done_once(second.verify()) == 5


def test_leftovers_of_a_killed_run_do_not_count(own_server: RunningServer, doomed: subprocess.Popen[str]) -> None:
    told(doomed)
    doomed.kill()
    doomed.wait()
    with live_farm(redis_url=own_server.url) as backend:
        first = backend.reset(steady(10, 5.0, 0.3), 2)
        assert (first.worker_queue, first.output_queue, first.enqueued_total) == (0, 0, 0)
        run_out(backend, 10)
        assert done_once(backend.verify()) == 10


def test_a_paused_worker_of_the_last_episode_cannot_touch_the_next(own_server: RunningServer) -> None:
    with live_farm(redis_url=own_server.url) as backend:
        backend.reset(batch([0.0], 3.0), 1)
        old = backend._controller.episode
        claim = first_lease(backend)
        backend.reset(batch([0.0, 0.1], 2.0), 1)
        backend.queues.run("finish", old, claim.worker, claim.task, "1", "done", "null", "0", "")
        seen = run_out(backend, 2)
        assert done_once(backend.verify()) == 2
        assert sum(len(t.collected_s) for t in seen) == 2


@pytest.mark.parametrize("victim", ["controller", "guardian"])
def test_no_process_survives_its_parent(victim: str, doomed_with_own_server: subprocess.Popen[str]) -> None:
    processes, directory = told(doomed_with_own_server)
    assert len(running(processes)) == 7  # guardian, server, emitter, collector, three workers
    os.kill(doomed_with_own_server.pid if victim == "controller" else processes[0].pid, signal.SIGKILL)
    until(lambda: not running(processes), "every process is gone")
    if victim == "controller":
        until(lambda: not directory.exists(), "the private directory is gone")
    else:
        shutil.rmtree(directory)  # who should have removed it was killed, and its owner will be


def test_close_leaves_no_process_no_directory_and_no_key(own_server: RunningServer) -> None:
    with live_farm(redis_url=own_server.url) as backend:
        backend.reset(steady(50, 5.0, 1.0), 3)
        backend.advance(2.0)
        processes = backend.platform._processes  # type: ignore[attr-defined]
        children = [psutil.Process(pid) for pid in processes.pids.values()]
    assert running(children) == []
    assert not processes.directory.exists()
    time.sleep(0.2)
    with live_farm(redis_url=own_server.url, farm="x") as other:
        assert other.queues.client.keys("*") == []


def test_a_killed_guardian_is_reported_and_its_directory_goes_with_close() -> None:
    require_server()
    with live_farm() as backend:
        backend.reset(steady(50, 5.0, 1.0), 2)
        processes = backend.platform._processes  # type: ignore[attr-defined]
        os.kill(processes._guardian.pid, signal.SIGKILL)
        processes._guardian.wait()
        with pytest.raises(BackendError, match="their parent was killed; start again"):
            backend.scale_to(5)
    assert not processes.directory.exists()


def test_ctrl_c_does_not_reach_the_workers(doomed: subprocess.Popen[str]) -> None:
    processes, _ = told(doomed)
    assert {os.getsid(p.pid) for p in processes} == {processes[0].pid}
    assert os.getsid(doomed.pid) != processes[0].pid
