"""Queues of RQ with real jobs and workers, read with an account that may not write."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import redis
from pydantic import ValidationError
from rq import Queue, Retry
from rq.suspension import suspend

from operate.source import Remembers
from operate.sources.rq.settings import RqSettings
from operate.sources.rq.source import KIND, Rq
from operate.testing.source import SourceContract
from tests.live.servers import RunningServer
from tests.operate.sources.benches import watched
from tests.operate.sources.rq import jobs
from tests.operate.sources.rq.queues import RqBench
from tests.waiting import until

pytestmark = pytest.mark.live


def settings(server: RunningServer, **values: Any) -> RqSettings:
    return RqSettings(**({"url": watched(server.url), "queues": ["jobs"]} | values))


def opened(
    server: RunningServer, admin: redis.Redis, serves: Sequence[str] = ("jobs",), **enqueued: Any
) -> Iterator[RqBench]:
    source = KIND.open(settings(server))
    bench = RqBench(server, admin, source, serves, **enqueued)
    yield bench
    bench.close()
    source.close()


def done(bench: RqBench) -> float:
    return bench.source.read().completed_total or 0.0


class TestContract(SourceContract):
    @pytest.fixture
    def bench(self, watched_server: RunningServer, admin: redis.Redis) -> Iterator[RqBench]:
        yield from opened(watched_server, admin)


class TestContractElsewhere(SourceContract):
    """Each job is forgotten at once; or workers also serve another queue: an outage is the same everywhere."""

    test_an_outage_is_one_line_within_seconds_and_heals_by_itself = None  # type: ignore[assignment]

    @pytest.fixture(params=["forgetful", "shared"])
    def bench(
        self, watched_server: RunningServer, admin: redis.Redis, request: pytest.FixtureRequest
    ) -> Iterator[RqBench]:
        serves = ["jobs", "mails"] if request.param == "shared" else ["jobs"]
        enqueued = {"result_ttl": 0} if request.param == "forgetful" else {}
        yield from opened(watched_server, admin, serves, **enqueued)


@pytest.fixture
def bench(watched_server: RunningServer, admin: redis.Redis) -> Iterator[RqBench]:
    yield from opened(watched_server, admin)


def test_completions_stay_counted_when_workers_leave_and_registries_forget(bench: RqBench) -> None:
    bench.enqueued = {"result_ttl": 1}
    first = done(bench)
    bench.put(7)
    bench.take(4)
    bench.finish(3)
    assert done(bench) - first == 3
    bench.dismiss()
    assert done(bench) - first == 4
    for key in bench.admin.keys("rq:worker:*"):
        bench.admin.delete(key)  # a minute later
    bench.admin.delete("rq:finished:jobs")
    assert done(bench) - first == 4
    bench.take(3)
    bench.finish(3)
    assert done(bench) - first == 7


def test_workers_that_come_and_go_between_two_looks_are_counted_by_what_they_leave(bench: RqBench) -> None:
    first = done(bench)
    bench.put(4)
    bench.take(2)
    bench.dismiss()
    assert done(bench) - first == 2
    bench.take(2)
    bench.finish(2)
    assert done(bench) - first == 4


def test_failed_and_retried_attempts_are_completions_too(bench: RqBench) -> None:
    first = done(bench)
    bench.queues[0].enqueue(jobs.fail)
    bench.queues[0].enqueue(jobs.fail, retry=Retry(max=1))
    bench.hire()
    for _ in range(3):
        bench.gate.release()
    until(lambda: len(bench.queues[0].failed_job_registry) == 2)
    assert done(bench) - first == 3


def test_other_queues_of_shared_workers_do_not_count(bench: RqBench) -> None:
    bench.queues.append(Queue("mails", connection=bench.connection))
    first = done(bench)
    bench.put(2)
    for queue in bench.queues:
        queue.enqueue(jobs.nothing)
    bench.take(2)
    for _ in range(2):
        bench.gate.release()
    bench.hire()
    until(lambda: bench.queues[1].finished_job_registry.get_job_count(cleanup=False) == 1)
    assert done(bench) - first == 1
    both = KIND.open(settings(bench.server, queues=["jobs", "mails"]))
    with closing(both):
        assert both.read().in_flight == 2


def test_an_outage_of_minutes_makes_no_wrong_number(bench: RqBench) -> None:
    bench.queues.append(Queue("mails", connection=bench.connection))
    bench.put(3)
    bench.take(1)
    now_s = time.time()
    with closing(Rq(settings(bench.server), lambda: now_s)) as source:
        assert source.read().completed_total == 0
        bench.finish(1)
        now_s += 90
        reading = source.read()
        assert reading.completed_total is None
        assert "nobody looked for more than a minute" in " ".join(reading.remarks)
        assert source.read().completed_total == 0
        bench.take(1)
        bench.finish(1)
        assert source.read().completed_total == 1


def test_work_is_what_workers_counted_since_the_last_look(bench: RqBench) -> None:
    bench.put(3)
    bench.source.read()
    bench.take(2)
    time.sleep(0.3)
    bench.finish(2)
    assert bench.source.read().service_s == pytest.approx(0.3, abs=0.15)
    assert bench.source.read().service_s is None
    assert bench.source.read().completed_total == 2


def test_a_job_put_in_front_does_not_make_the_queue_young(bench: RqBench) -> None:
    bench.put(1)
    time.sleep(0.4)
    bench.queues[0].enqueue(jobs.nothing, at_front=True)
    assert (bench.source.read().oldest_s or 0) >= 0.4


def test_jobs_that_are_gone_cost_their_age_and_nothing_else(bench: RqBench) -> None:
    bench.admin.rpush("rq:queue:jobs", "gone", b"\xff")
    reading = bench.source.read()
    assert (reading.backlog, reading.oldest_s) == (2, None)
    assert "their age is not known" in " ".join(reading.remarks)


def test_a_job_that_was_taken_and_not_begun_is_in_flight(bench: RqBench) -> None:
    bench.put(2)
    bench.admin.lmove("rq:queue:jobs", "rq:queue:jobs:intermediate", "LEFT", "RIGHT")
    reading = bench.source.read()
    assert (reading.backlog, reading.in_flight) == (1, 1)
    (job,) = bench.admin.lrange("rq:queue:jobs:intermediate", 0, -1)
    bench.admin.zadd("rq:wip:jobs", {job.decode() + ":" + "0" * 32: time.time() + 90})
    assert bench.source.read().in_flight == 1, "in both for an instant, and one all the same"


def test_what_a_dead_worker_held_is_remarked_and_not_in_flight(bench: RqBench) -> None:
    bench.admin.zadd("rq:wip:jobs", {"lost": time.time() - 5})
    reading = bench.source.read()
    assert reading.in_flight == 0
    assert "workers that no longer answer: 1" in " ".join(reading.remarks)


def test_scheduled_and_deferred_jobs_do_not_wait_for_a_worker(bench: RqBench) -> None:
    first = bench.queues[0].enqueue(jobs.nothing)
    bench.queues[0].enqueue(jobs.nothing, depends_on=first)
    bench.queues[0].enqueue_in(timedelta(hours=1), jobs.nothing)
    reading = bench.source.read()
    assert (reading.backlog, reading.remarks) == (1, ())
    bench.queues[0].enqueue_at(datetime.now(UTC) - timedelta(minutes=2), jobs.nothing)
    assert "due and not enqueued: 1; does a worker run --with-scheduler?" in " ".join(bench.source.read().remarks)


def test_suspended_workers_are_remarked(bench: RqBench) -> None:
    suspend(bench.connection)
    assert "RQ is suspended" in " ".join(bench.source.read().remarks)


def test_another_prefix_is_another_rq(bench: RqBench) -> None:
    program = (
        "import sys, redis, rq; rq.Queue('jobs', connection=redis.Redis.from_url(sys.argv[1])).enqueue('time.sleep', 0)"
    )
    subprocess.run(
        [sys.executable, "-c", program, bench.server.url], env=os.environ | {"RQ_KEY_PREFIX": "mine"}, check=True
    )
    assert bench.source.read().backlog == 0
    with closing(KIND.open(settings(bench.server, prefix="mine"))) as other:
        assert other.read().backlog == 1


def test_what_rq_keeps_is_told_task_by_task(bench: RqBench) -> None:
    bench.put(4)
    bench.take(2)
    time.sleep(0.2)
    bench.finish(1)
    bench.queues[0].enqueue(jobs.nothing, description="Say hello")
    source = bench.source
    assert isinstance(source, Remembers)
    kept = source.kept(60.0)
    assert len(kept.came_s) == 5
    assert list(kept.came_s) == sorted(kept.came_s)
    assert kept.names == ("tests.operate.sources.rq.jobs.hold",) * 4 + ("",)
    assert np.isfinite(kept.work_s).sum() == 1
    assert np.nanmax(kept.work_s) == pytest.approx(0.2, abs=0.15)
    assert "does not name their function: 1" in kept.remarks[1]
    assert len(source.kept(1e-3).came_s) == 0


@pytest.mark.parametrize("values", [{"queues": []}, {"queues": ["a", "a"]}, {"queues": [""]}, {"prefix": "a b"}])
def test_settings_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RqSettings(**({"url": "redis://h", "queues": ["jobs"]} | values))


def test_a_hundred_thousand_waiting_jobs_cost_nothing(bench: RqBench) -> None:
    bench.put(1)
    for _ in range(10):
        bench.admin.rpush("rq:queue:jobs", *["0f6f3c4e-8c11-4ad4-b1b4-2a2b3e1b1d9b"] * 10_000)
    bench.source.read()
    began = time.process_time()
    for _ in range(20):
        assert bench.source.read().backlog == 100_001
    assert time.process_time() - began < 20 * 0.02
