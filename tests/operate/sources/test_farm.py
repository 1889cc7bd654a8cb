"""A farm of ours, read beside its controller with an account that may not write."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import redis

from live.clients import command_client
from live.control import Controller
from live.queues import Claim, Queues
from live.wire.keys import key
from operate.sources.farm import KIND, FarmSource, FarmSourceSettings
from operate.testing.source import RecallsContract
from tests.live.servers import RunningServer
from tests.operate.sources.benches import RedisBench, watched

pytestmark = pytest.mark.live


def settings(server: RunningServer, **values: Any) -> FarmSourceSettings:
    return FarmSourceSettings(**({"url": watched(server.url), "farm": "theirs"} | values))


class FarmBench(RedisBench):
    """The farm's own protocol: emitter, workers and collector as they are, without their loops."""

    def __init__(self, server: RunningServer, admin: Any, source: FarmSource, queues: Queues) -> None:
        super().__init__(server, admin, source)
        self.queues = queues
        self.controller = Controller(queues, owner="tester/1/a", lease_s=60.0, max_deliveries=3)
        self.workers = itertools.count()
        self.begin()

    def begin(self) -> None:
        self.episode = self.controller.begin([])
        self.started_us, _ = self.controller.start()
        self.arrived = 0
        self.held: list[tuple[str, Claim]] = []

    def put(self, tasks: int) -> None:
        arrival_s = (self.queues.server_time_us() - self.started_us) / 1e6
        bodies = [
            json.dumps({"id": self.arrived + n, "arrival_s": arrival_s, "service_s": 0.1, "deadline_s": 1.0})
            for n in range(tasks)
        ]
        if bodies:
            self.arrived = self.queues.enqueue(self.episode, self.arrived, bodies)

    def take(self, tasks: int) -> None:
        for _ in range(tasks):
            worker = f"w{next(self.workers)}"
            claim = self.queues.claim(self.episode, worker, 0)
            assert claim is not None
            self.held.append((worker, claim))

    def finish(self, tasks: int, work_s: float = 0.5) -> None:
        done, self.held = self.held[:tasks], self.held[tasks:]
        for worker, claim in done:
            assert self.queues.finish(self.episode, worker, claim, "done", "null", work_s, None).state == "settled"
        self.queues.collect(self.episode, tasks)


@pytest.fixture
def bench(watched_server: RunningServer, admin: redis.Redis) -> Iterator[FarmBench]:
    with closing(FarmSource(settings(watched_server))) as source, command_client(watched_server.url) as client:
        yield FarmBench(watched_server, admin, source, Queues(client, "theirs", watched_server.url))


class TestContract(RecallsContract):
    @pytest.fixture
    def bench(self, bench: FarmBench) -> FarmBench:
        return bench


def test_service_times_are_those_since_the_last_reading(bench: FarmBench) -> None:
    bench.put(6)
    bench.take(5)
    bench.finish(2, work_s=0.5)
    assert bench.source.read().service_s == pytest.approx(0.5)
    assert bench.source.read().service_s is None
    bench.finish(2, work_s=0.25)
    assert bench.source.read().service_s == pytest.approx(0.25)


def test_a_new_episode_begins_anew(bench: FarmBench) -> None:
    bench.put(4)
    bench.take(2)
    bench.finish(2)
    assert bench.source.read().arrived_total == 4
    bench.begin()
    reading = bench.source.read()
    assert (reading.arrived_total, reading.completed_total, reading.backlog) == (0, 0, 0)
    bench.put(1)
    bench.take(1)
    bench.finish(1, work_s=0.125)
    assert bench.source.read().service_s == pytest.approx(0.125)


def test_a_farm_that_is_not_there_is_said(watched_server: RunningServer, admin: redis.Redis) -> None:
    with closing(FarmSource(settings(watched_server, farm="none"))) as source:
        reading = source.read()
    assert (reading.backlog, reading.arrived_total) == (0, 0)
    assert reading.remarks == ("no episode runs on the farm",)
    (finding,) = KIND.examine(settings(watched_server, farm="none"))
    assert not finding.ok


def test_an_episode_that_failed_is_said(bench: FarmBench) -> None:
    bench.queues.fail(bench.episode, "no segment")
    assert bench.source.read().remarks == ("the episode has failed: no segment",)


def test_junk_at_the_head_costs_its_age_only(bench: FarmBench) -> None:
    bench.admin.lpush(key("theirs", "worker_queue"), b"\xff")
    reading = bench.source.read()
    assert (reading.backlog, reading.oldest_s) == (1, None)
    assert "not one of the farm's" in reading.remarks[0]


def test_the_time_scale_is_that_of_the_farm(watched_server: RunningServer, bench: FarmBench) -> None:
    """Ten episode seconds are one real second there."""
    arrival_s = 10 * (bench.queues.server_time_us() - bench.started_us) / 1e6
    body = json.dumps({"id": 0, "arrival_s": arrival_s, "service_s": 0.1, "deadline_s": 1.0})
    bench.queues.enqueue(bench.episode, 0, [body])
    with closing(FarmSource(settings(watched_server, time_scale=0.1))) as source:
        assert source.read().oldest_s == pytest.approx(0, abs=0.5)


def test_find_and_examine(watched_server: RunningServer, bench: FarmBench) -> None:
    url = watched(watched_server.url)
    assert KIND.find(url) == [{"kind": "farm", "url": url, "farm": "theirs"}]
    (finding,) = KIND.examine(settings(watched_server))
    assert finding.ok
    assert "tester/1/a" in finding.detail
