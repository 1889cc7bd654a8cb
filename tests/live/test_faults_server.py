"""A server that is slow, stalled, cut off, full, restarted, emptied or somebody else's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import redis

from autoscaling_env.errors import BackendError
from autoscaling_env.testing.backend import batch, steady
from live.backend import LiveBackend
from live.errors import FarmLost, ServerRefused, ServerUnreachable
from live.wire.keys import key
from tests.live.farms import done_once, live_farm, run_out
from tests.live.proxy import FaultProxy
from tests.live.servers import RunningServer

pytestmark = pytest.mark.live


@pytest.fixture
def proxy(own_server: RunningServer) -> Iterator[FaultProxy]:
    proxy = FaultProxy(str(own_server.directory / "redis.sock"), seed=7)
    yield proxy
    proxy.close()


@pytest.fixture
def admin(own_server: RunningServer) -> Iterator[redis.Redis]:
    """A connection beside the farm's, for breaking things."""
    with redis.Redis.from_url(own_server.url, decode_responses=True, socket_timeout=20) as client:
        yield client


def keep_going(backend: LiveBackend, steps: int) -> None:
    for _ in range(steps):
        backend.advance(1.0)


def test_slow_answers_lose_nothing(proxy: FaultProxy) -> None:
    with live_farm(redis_url=proxy.url) as backend:
        backend.reset(steady(20, 4.0, 0.5), 4)
        proxy.delay_s = 0.05
        run_out(backend, 20)
        assert done_once(backend.verify()) == 20


def test_answers_lost_after_the_server_acted_change_nothing(proxy: FaultProxy) -> None:
    with live_farm(redis_url=proxy.url) as backend:
        backend.reset(steady(80, 5.0, 0.3), 4)
        proxy.reset_share = 0.1
        run_out(backend, 80)
        proxy.reset_share = 0.0
        assert done_once(backend.verify()) == 80
        assert proxy.resets > 10


def test_a_stall_makes_telemetry_stale_and_then_all_is_told(own_server: RunningServer, admin: redis.Redis) -> None:
    with live_farm(redis_url=own_server.url, lease_s=5.0) as backend, ThreadPoolExecutor() as pool:
        backend.reset(steady(40, 1.0, 0.5), 2)
        backend.advance(5.0)
        stall = pool.submit(admin.execute_command, "DEBUG", "SLEEP", "4")
        time.sleep(0.1)
        during = backend.advance(3.0)
        assert {"worker_queue", "output_queue", "workers_busy"} <= set(during.stale)
        assert "workers_requested" not in during.stale
        assert len(during.collected_s) == 0
        stall.result()
        seen = run_out(backend, 40)
        assert seen[-1].stale == ()
        assert done_once(backend.verify()) == 40


def test_a_stall_through_which_commands_are_repeated_puts_no_task_in_twice(
    own_server: RunningServer, admin: redis.Redis
) -> None:
    """Seven seconds is longer than one attempt of the functions: they ask again while the first call still waits."""
    with live_farm(redis_url=own_server.url, lease_s=15.0, time_scale=1.0) as backend:
        backend.reset(steady(60, 10.0, 0.05), 2)
        backend.advance(1.0)
        admin.execute_command("DEBUG", "SLEEP", "7")
        run_out(backend, 60)
        assert done_once(backend.verify()) == 60
        assert backend.queues.enqueued_total() == 60


def test_an_outage_too_long_ends_the_episode_with_its_reason(proxy: FaultProxy) -> None:
    with live_farm(redis_url=proxy.url, outage_limit_s=1.5) as backend:
        backend.reset(steady(5, 1.0, 0.5), 1)
        proxy.stall()
        with pytest.raises(BackendError, match=r"no answer for \d+ s; live.outage_limit_s"):
            keep_going(backend, 20)
        proxy.flow()


def test_killed_and_restarted_with_its_file_it_goes_on(own_server: RunningServer) -> None:
    with live_farm(redis_url=own_server.url) as backend:
        backend.reset(steady(60, 3.0, 0.5), 3)
        backend.advance(5.0)
        own_server.kill()
        assert backend.advance(2.0).stale
        own_server.start()
        run_out(backend, 60)
        assert done_once(backend.verify()) == 60


def test_restarted_empty_the_episode_is_over_and_says_why(own_server: RunningServer, admin: redis.Redis) -> None:
    with live_farm(redis_url=own_server.url) as backend:
        backend.reset(steady(10, 1.0, 0.5), 1)
        admin.flushall()
        with pytest.raises(FarmLost, match="restarted empty"):
            backend.advance(1.0)
        tasks = steady(4, 2.0, 0.3)
        backend.reset(tasks, 2)
        run_out(backend, 4)
        assert done_once(backend.verify()) == 4


def test_out_of_memory_nothing_is_lost_and_it_is_said(
    own_server: RunningServer, admin: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with live_farm(redis_url=own_server.url) as backend:
        backend.reset(steady(40, 4.0, 0.5), 3)
        backend.advance(3.0)
        admin.config_set("maxmemory", "1mb")
        during = backend.advance(4.0)
        assert "maxmemory" in caplog.text
        assert during.output_queue < 40
        admin.config_set("maxmemory", "0")
        run_out(backend, 40)
        assert done_once(backend.verify()) == 40


def test_a_wrong_password_is_one_clear_line(own_server: RunningServer, admin: redis.Redis) -> None:
    admin.config_set("requirepass", "right")
    url = own_server.url.replace("unix://", "unix://:wrong@")
    with live_farm(redis_url=url) as backend, pytest.raises(ServerRefused, match="wrong user or password") as caught:
        backend.reset(steady(1, 1.0, 0.1), 1)
    assert ":wrong@" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_no_server_at_the_address_is_one_clear_line() -> None:
    refused = pytest.raises(ServerUnreachable, match=r"127.0.0.1:1/0.*is it running")
    with live_farm(redis_url="redis://127.0.0.1:1/0") as backend, refused:
        backend.reset(steady(1, 1.0, 0.1), 1)


def test_a_key_of_another_type_is_somebody_elses(own_server: RunningServer, admin: redis.Redis) -> None:
    admin.set(key("farm", "worker_queue"), "precious")
    refused = pytest.raises(BackendError, match=r"not ours to delete; use another live\.farm")
    with live_farm(redis_url=own_server.url) as backend, refused:
        backend.reset(steady(1, 1.0, 0.1), 1)
    assert admin.get(key("farm", "worker_queue")) == "precious"


def test_a_key_that_changes_its_type_ends_the_episode(own_server: RunningServer, admin: redis.Redis) -> None:
    with live_farm(redis_url=own_server.url) as backend:
        backend.reset(steady(10, 1.0, 0.5), 1)
        admin.delete(key("farm", "result_queue"))
        admin.set(key("farm", "result_queue"), "x")
        with pytest.raises(ServerRefused, match="WRONGTYPE"):
            keep_going(backend, 5)


def test_a_malformed_segment_ends_the_episode_with_its_reason(own_server: RunningServer, admin: redis.Redis) -> None:
    two_segments = replace(batch([0.5, 6.0], 0.2), segment_start_s=np.array([0.0, 5.0]))
    with live_farm(redis_url=own_server.url) as backend:
        backend.reset(two_segments, 1)
        admin.lset(key("farm", "input_queue"), -1, '{"tasks": 7}')
        with pytest.raises(BackendError, match="segment 1 on input_queue: not a segment"):
            keep_going(backend, 10)
