"""What a real Celery leaves in a real Redis: priorities, prefetched and planned tasks, stopping workers, results."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery  # type: ignore[import-untyped]
from celery.app.task import Context  # type: ignore[import-untyped]

from autoscaling_env.errors import BackendError
from operate.reading import Fact
from operate.source import Remembers
from operate.sources.celery.settings import CelerySettings, celery_url
from operate.sources.celery.source import KIND, CelerySource
from operate.sources.redis.list import KIND as LISTS
from tests.live.servers import RunningServer
from tests.operate.sources.benches import SECRET, watched
from tests.operate.sources.celery.benches import QUEUE, Shop
from tests.operate.sources.celery.conftest import redis_settings
from tests.operate.sources.readings import read_until
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def source(redis_broker: RunningServer) -> Iterator[CelerySource]:
    settings = redis_settings(redis_broker, silent_after=5.0)
    with closing(KIND.open(settings)) as opened:
        until(lambda: opened.read().in_flight is not None, "it listens")
        yield opened  # type: ignore[misc]


@pytest.fixture
def shop(redis_shop: Shop, source: CelerySource, admin: redis.Redis) -> Iterator[Shop]:
    def clear() -> None:
        if redis_shop.held:
            redis_shop.finish(redis_shop.held)
        admin.delete(*CelerySettings(url="redis://h").keys(QUEUE))

    clear()
    read_until(source, lambda seen: seen.backlog == 0 and seen.in_flight == 0)
    yield redis_shop
    clear()


def test_priorities_are_added_up(shop: Shop, source: CelerySource, admin: redis.Redis) -> None:
    for priority in (0, 3, 5, 9, 9):
        shop.put(1, priority=priority)
    assert [admin.llen(key) for key in CelerySettings(url="redis://h").keys(QUEUE)] == [1, 2, 0, 2]
    assert source.read().backlog == 5


def test_what_is_prefetched_waits_though_the_list_is_empty(
    shop: Shop, source: CelerySource, admin: redis.Redis
) -> None:
    """The worker has 32 threads, and may take 40 messages."""
    shop.put(40)
    shop.held = 40
    shop.say("take", queue=QUEUE, tasks=40)
    reading = read_until(source, lambda seen: seen.in_flight == 32 and not admin.llen(QUEUE) and seen.backlog == 8)
    assert reading.backlog == 8  # a heartbeat may tell of tasks that run before the events of those that wait are heard
    shop.say("finish", queue=QUEUE, left=0, tasks=40)
    shop.held = 0
    read_until(source, lambda seen: seen.in_flight == 0 and seen.backlog == 0)


def test_what_is_recommended_is_known_and_kept_task_by_task(shop: Shop, source: CelerySource) -> None:
    began_s, done = time.time(), source.read().completed_total or 0.0
    shop.put(3)
    shop.take(2)
    shop.finish(1)
    reading = read_until(source, lambda seen: seen.completed_total == done + 1)
    assert isinstance(source, Remembers)
    kept = source.kept(time.time() - began_s)
    assert len(kept.came_s) == 3
    assert kept.names == ("shop.hold",) * 3
    assert sum(kept.work_s < 10) == 1
    assert reading.service_s
    assert reading.remarks == ()


def test_a_worker_that_stops_is_seen_to_its_end_and_one_that_dies_is_not(
    redis_broker: RunningServer, source: CelerySource, admin: redis.Redis, tmp_path: Path
) -> None:
    """Asked to stop, a worker says at once that it goes, ends its tasks and gives back those with an ETA."""
    two = Shop(redis_broker.url, tmp_path, "-E", "--prefetch-multiplier=4", name="two@bench", pool="prefork")
    two.options = ("--pool", "prefork", "-c", "2", "-Q", QUEUE, "-E")
    two.start()
    try:
        two.app.send_task("shop.work", [2.5], queue=QUEUE)
        two.app.send_task("shop.work", [1.0], queue=QUEUE, countdown=600)
        reading = read_until(source, lambda seen: seen.in_flight == 1 and "ETA" in str(seen.remarks))
        assert reading.backlog == 0
        assert two.process is not None
        two.process.terminate()
        time.sleep(1.0)
        assert source.read().in_flight == 1
        reading = read_until(source, lambda seen: seen.in_flight == 0 and seen.backlog == 1)
        assert two.process.wait(PATIENCE_S) == 0
        admin.delete(QUEUE)
        two.start()
        two.app.send_task("shop.work", [60.0], queue=QUEUE)
        read_until(source, lambda seen: seen.in_flight == 1)
    finally:
        two.stop(kill=True)
    reading = read_until(source, lambda seen: seen.in_flight == 0)
    assert "worker two@bench has said nothing for 5 s" in str(reading.remarks)
    admin.delete("unacked", "unacked_index")


def test_without_events_it_says_what_it_does_not_see(redis_broker: RunningServer, shop: Shop) -> None:
    with closing(KIND.open(redis_settings(redis_broker, events=False))) as deaf:
        assert deaf.knows == {Fact.BACKLOG}
        shop.put(3)
        shop.take(2)
        (remark,) = deaf.read().remarks
    assert "workers hold 2 messages of all queues of this broker" in remark
    assert "events: true" in remark


def test_an_account_that_may_not_listen_still_reads_the_backlog(
    redis_broker: RunningServer, admin: redis.Redis, shop: Shop
) -> None:
    admin.acl_setuser("deaf", enabled=True, passwords=[f"+{SECRET}"], keys=["*"], categories=["+@read"])
    url = redis_broker.url.replace("unix://", f"unix://deaf:{SECRET}@")
    shop.put(2)
    with closing(KIND.open(CelerySettings(url=url, queues=(QUEUE,)))) as source:
        source.read()
        until(lambda: "+psubscribe" in str(source.read().remarks), "why it hears nothing")
        reading = source.read()
    assert (reading.backlog, reading.in_flight) == (2, None)
    assert "the channels &/0.celeryev/* (ACL)" in reading.remarks[0]
    assert SECRET not in reading.remarks[0]


class TestExamine:
    def test_what_is_heard_and_what_workers_answer(self, redis_broker: RunningServer, shop: Shop) -> None:
        shop.put(3)
        shop.take(1)
        findings = {each.what: each for each in KIND.examine(CelerySettings(url=redis_broker.url, queues=(QUEUE,)))}
        assert "2 wait in jobs" in findings["broker"].detail
        assert "1 workers are heard (one@bench)" in findings["events"].detail
        assert findings["workers"].ok
        assert not findings["one task each"].ok
        assert findings["acks_late"].ok
        assert findings["other queues"].remedy == "source.queues: [jobs, idle]"

    def test_an_account_that_may_only_read_asks_no_worker(self, redis_broker: RunningServer, shop: Shop) -> None:
        shop.put(1)
        findings = {each.what: each for each in KIND.examine(redis_settings(redis_broker, events=False))}
        assert all(each.ok for each in findings.values())
        assert "could not be asked" in findings["workers"].detail
        assert SECRET not in str(findings)

    def test_a_queue_that_nobody_uses_is_named(self, redis_broker: RunningServer, shop: Shop) -> None:
        shop.put(1)
        settings = redis_settings(redis_broker, queues=["job"], events=False)
        (finding,) = (each for each in KIND.examine(settings) if not each.ok)
        assert "nobody has ever used 'job' (did you mean 'jobs'?)" in finding.detail

    @pytest.mark.parametrize("url", [f"redis://:{SECRET}@127.0.0.1:1/0", f"amqp://me:{SECRET}@127.0.0.1:1//"])
    def test_no_broker_is_one_finding(self, url: str) -> None:
        (finding,) = KIND.examine(CelerySettings(url=url))
        assert not finding.ok
        assert SECRET not in finding.detail
        with pytest.raises(BackendError):
            KIND.find(url)


def test_queues_are_found_with_their_priorities_and_are_not_taken_for_lists(
    redis_broker: RunningServer, shop: Shop, admin: redis.Redis
) -> None:
    shop.put(2)
    shop.put(1, priority=9)
    shop.put(1, queue="mail")
    admin.rpush("plain", "1")
    url = watched(redis_broker.url)
    found = {each["queues"][0]: each for each in KIND.find(url)}
    assert list(found)[:2] == ["jobs", "mail"]
    assert found["jobs"]["found"]["covers"] == ["jobs", "jobs\x06\x169"]
    assert "plain" not in found
    covered = {key for each in found.values() for key in each["found"]["covers"]}
    assert [each["key"] for each in LISTS.find(url) if each["key"] not in covered] == ["plain"]
    admin.delete("mail", "plain")


def test_a_queue_that_only_its_messages_give_away_is_found(redis_broker: RunningServer, admin: redis.Redis) -> None:
    app: Any = Celery("lone", broker=celery_url(redis_broker.url), set_as_current=False)
    with closing(app):
        app.send_task("lone.work", queue="lone")
    admin.delete("_kombu.binding.lone")
    try:
        assert ["lone"] in [each["queues"] for each in KIND.find(watched(redis_broker.url))]
    finally:
        admin.delete("lone")


@pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")  # as Celery calls redis-py
def test_results_are_remembered_by_name(redis_broker: RunningServer, admin: redis.Redis) -> None:
    """As a worker stores them, with result_extended."""
    url = celery_url(redis_broker.url)
    app: Any = Celery("done", broker=url, backend=url, set_as_current=False)
    app.conf.result_extended = True
    with closing(app):
        for uuid in ("one", "two", "three"):
            context = Context(id=uuid, task="shop.work", args=(), kwargs={}, hostname="w@1", delivery_info={})
            app.backend.store_result(uuid, None, "SUCCESS", request=context)
    settings = redis_settings(redis_broker, result_backend=watched(redis_broker.url), events=False)
    with closing(KIND.open(settings)) as source:
        assert isinstance(source, Remembers)
        kept = source.kept(60.0)
        assert len(source.kept(1e-6).came_s) == 0
    assert kept.names == ("shop.work",) * 3
    assert (abs(kept.came_s - time.time()) < 30).all()
    assert "date_done" in kept.remarks[0]
    admin.delete(*admin.keys("celery-task-meta-*"))
