"""What `operate check` and `operate init` say of real queues of RQ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from rq import Queue, SimpleWorker
from rq.suspension import suspend

from operate.sources.redis.list import KIND as LISTS
from operate.sources.rq.settings import RqSettings
from operate.sources.rq.source import KIND
from tests.live.servers import RunningServer
from tests.operate.sources.benches import SECRET, watched
from tests.operate.sources.rq import jobs

pytestmark = pytest.mark.live


@pytest.fixture
def owner(watched_server: RunningServer, admin: redis.Redis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(watched_server.url) as connection:
        yield connection


def serve(connection: redis.Redis, *queues: str) -> SimpleWorker:
    worker = SimpleWorker([Queue(name, connection=connection) for name in queues], connection=connection)
    worker.register_birth()
    return worker


def found(server: RunningServer, *queues: str) -> dict[str, tuple[bool, str, str]]:
    findings = KIND.examine(RqSettings(url=watched(server.url), queues=queues))
    return {each.what: (each.ok, each.detail, each.remedy) for each in findings}


def test_all_is_well(watched_server: RunningServer, owner: redis.Redis) -> None:
    queue = Queue("jobs", connection=owner)
    first = queue.enqueue(jobs.nothing)
    queue.enqueue(jobs.nothing, depends_on=first)
    queue.enqueue_in(timedelta(hours=1), jobs.nothing)
    serve(owner, "jobs")
    told = found(watched_server, "jobs")
    assert all(ok for ok, _, _ in told.values())
    assert told["queue jobs"][1].startswith("1 wait, 0 in hands; not counted")
    assert "1 deferred, 1 scheduled" in told["queue jobs"][1]
    assert told["workers"][1] == "1 serve jobs"


def test_a_mistyped_queue_is_told_its_right_name(watched_server: RunningServer, owner: redis.Redis) -> None:
    Queue("orders", connection=owner).enqueue(jobs.nothing)
    ok, detail, remedy = found(watched_server, "order")["queue order"]
    assert not ok
    assert "did you mean 'orders'?" in detail
    assert "source.queues" in remedy


def test_queues_that_nobody_serves_and_workers_that_serve_others_are_said(
    watched_server: RunningServer, owner: redis.Redis
) -> None:
    for name in ("jobs", "mails", "reports"):
        Queue(name, connection=owner).enqueue(jobs.nothing)
    serve(owner, "jobs", "reports")
    told = found(watched_server, "jobs", "mails")
    assert told["workers"] == (
        False, "1, and none serves 'mails'",
        "name it in the workers' command (`rq worker jobs mails`), or take it out of source.queues",
    )  # fmt: skip
    ok, detail, remedy = told["other queues"]
    assert (ok, remedy) == (False, "source.queues: [jobs, mails, reports]")
    assert "serve reports, too" in detail


def test_a_suspended_rq_is_said(watched_server: RunningServer, owner: redis.Redis) -> None:
    Queue("jobs", connection=owner).enqueue(jobs.nothing)
    suspend(owner)
    ok, _, remedy = found(watched_server, "jobs")["suspended"]
    assert not ok
    assert "rq resume" in remedy
    assert SECRET not in remedy


def test_no_server_is_one_finding() -> None:
    (finding,) = KIND.examine(RqSettings(url=f"redis://:{SECRET}@127.0.0.1:1/0", queues=("jobs",)))
    assert not finding.ok
    assert SECRET not in finding.detail


def test_find_lists_the_longest_first_and_those_that_workers_serve_together_as_one(
    watched_server: RunningServer, owner: redis.Redis
) -> None:
    for name, tasks in (("low", 1), ("high", 2), ("mails", 9), ("other", 1)):
        for _ in range(tasks):
            Queue(name, connection=owner).enqueue(jobs.nothing)
    serve(owner, "high", "low")
    url = watched(watched_server.url)
    suggested = KIND.find(url)
    assert [each["queues"] for each in suggested] == [["mails"], ["high", "low"], ["other"]]
    covered = {key for each in suggested for key in each["found"]["covers"]}
    assert {each["key"] for each in LISTS.find(url)} <= covered
    for each in suggested:
        RqSettings(**{name: value for name, value in each.items() if name != "found"})


def test_find_finds_nothing_where_no_rq_is(watched_server: RunningServer, owner: redis.Redis) -> None:
    owner.rpush("jobs", "one")
    assert KIND.find(watched(watched_server.url)) == []
