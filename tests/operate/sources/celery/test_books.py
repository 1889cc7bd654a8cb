"""What events say, in the order in which real workers send them, and what is right again after some were lost."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from operate.sources.celery import memory
from operate.sources.celery.books import SETTLES_S, Books
from operate.sources.celery.events import of_body, of_redis
from operate.sources.celery.settings import CelerySettings
from operate.sources.celery.told import NO_ARRIVALS, NO_TASKS, NOBODY, Told
from operate.sources.celery.worker import IDLE_S


class Story:
    """Workers and producers as they tell, on one clock."""

    def __init__(self, **settings: Any) -> None:
        self.now_s = 1000.0
        self.books = Books(
            CelerySettings(url="redis://h", queues=("jobs",), **settings), lambda: self.now_s, lambda: self.now_s
        )
        self.books.begin()
        self.numbers = itertools.count()

    def wait(self, seconds: float = SETTLES_S) -> Story:
        self.now_s += seconds
        return self

    def say(self, kind: str, uuid: str = "", worker: str = "w@1", pid: int = 7, **fields: Any) -> Story:
        self.now_s += 0.01
        event = {"type": kind, "hostname": worker, "timestamp": self.now_s, "pid": pid} | fields
        self.books.hear([event | ({"uuid": uuid} if uuid else {})])
        return self

    def beat(self, active: int, processed: int, kind: str = "worker-heartbeat", **fields: Any) -> Story:
        return self.say(kind, active=active, processed=processed, **fields)

    def task(self, *kinds: str, uuid: str = "", worker: str = "w@1", **fields: Any) -> Story:
        uuid = uuid or f"u{next(self.numbers)}"
        for kind in kinds:
            self.say(f"task-{kind}", uuid, worker, **({"name": "shop.work"} | fields))
        return self

    def told(self, waiting: float = 0.0) -> Told:
        return self.books.told(waiting)


def test_heartbeats_alone_tell_what_runs_and_what_is_done():
    told = Story().beat(2, 102).wait().beat(1, 105).told()
    assert (told.running, told.done) == (1, 4)
    assert NO_TASKS in told.remarks


def test_events_of_tasks_tell_between_two_heartbeats():
    story = Story().beat(0, 0).wait().task("received", "started").task("received", "started", "succeeded")
    assert (story.told().running, story.told().done) == (1, 1)
    assert story.told().remarks == ()


@pytest.mark.parametrize("lost", [("received",), ("received", "started"), ("received", "succeeded")])
def test_what_was_lost_is_right_again_with_the_next_heartbeat(lost: tuple[str, ...]):
    story = Story().beat(0, 0).wait().task(*lost)
    story.wait(IDLE_S).beat(0, 1)
    assert (story.told().running, story.told().reserved, story.told().done) == (0, 0, 1)


def test_what_a_heartbeat_has_counted_does_not_count_again():
    story = Story().beat(0, 0).wait()
    early = story.now_s
    story.beat(1, 1).say("task-started", "late", timestamp=early)
    assert story.told().running == 1


def test_a_worker_that_stops_still_ends_what_it_has_begun():
    story = Story().beat(0, 0).wait().task("received", "started", uuid="a").task("received", uuid="b")
    assert story.told().reserved == 1
    story.beat(1, 1, "worker-offline")
    assert (story.told().running, story.told().reserved, story.told().workers) == (1, 0, ())
    story.task("succeeded", uuid="a")
    assert (story.told().running, story.told().done) == (0, 1)


def test_a_worker_that_says_nothing_any_more_is_gone_with_what_it_held():
    story = Story(silent_after=30.0).beat(0, 0).wait().task("received", "started")
    assert story.wait(29).told().running == 1
    told = story.wait(2).told()
    assert (told.running, told.workers) == (0, ())
    assert "worker w@1 has said nothing for 30 s: the 1 tasks that it had begun are taken as gone" in told.remarks
    assert story.told().remarks == ()


def test_a_worker_that_was_killed_and_comes_again_under_its_name_is_another():
    story = Story().beat(2, 12).wait().beat(1, 15)
    assert story.told().done == 4
    story.say("worker-online", pid=8, active=0, processed=0)
    told = story.told()
    assert (told.running, told.done) == (0, 4)
    assert "was started anew: the 1 tasks" in told.remarks[0]
    story.say("worker-heartbeat", pid=8, active=1, processed=3)
    assert (story.told().running, story.told().done) == (1, 6)


def test_what_is_prefetched_waits_and_what_is_planned_does_not_until_its_time():
    story = Story().beat(0, 0).wait().task("received").task("received", eta="1970-01-01T00:30:00+00:00")
    assert (story.told().reserved, story.told().planned) == (1, 1)
    story.wait(1000)
    story.beat(1, 1)  # it is alive, and busy
    assert (story.told().reserved, story.told().planned) == (2, 0)


def test_a_task_that_is_revoked_before_it_begins_is_done_and_was_never_in_flight():
    story = Story().beat(1, 1).wait().task("received", uuid="a").task("revoked", uuid="a", terminated=False)
    assert (story.told().running, story.told().done) == (1, 1)
    assert story.beat(1, 1).told().done == 1


@pytest.mark.parametrize("kind", ["rejected", "cancelled"])
def test_a_task_that_goes_back_is_not_done(kind: str):
    story = Story().beat(0, 0).wait().task("received", "started", kind)
    assert (story.told().running, story.told().done) == (0, 0)
    assert story.beat(0, 1).told().done == 0


def test_a_retry_is_the_end_of_one_and_the_arrival_of_another():
    story = Story().beat(0, 0).wait()
    story.task("sent", "received", "started", "retried", "sent", uuid="a", queue="jobs")
    assert (story.told().sent, story.told().done) == (2, 1)


def test_others_are_left_out():
    story = Story(workers=("mail@*",)).task("sent", queue="other").task("received", "started").beat(1, 1).wait()
    assert (story.told().sent, story.told().running, story.told().workers) == (0, 0, ())


def test_producers_that_do_not_tell_are_noticed():
    story = Story().wait()
    assert story.told(20).sent == 0
    story.beat(1, 1)
    story.told(25)
    assert story.wait(1).told(25).sent == 0  # a message is there before what is said of it
    told = story.wait().told(25)
    assert told.sent is None
    assert NO_ARRIVALS in told.remarks


def test_nothing_is_said_of_what_runs_before_every_worker_had_its_say():
    story = Story().beat(3, 3)
    assert story.told().running is None
    assert story.wait().told().running == 3
    story.books.pause()
    assert story.told().running is None


def test_an_outage_leaves_workers_time_to_say_that_they_are_there():
    story = Story(silent_after=30.0).beat(1, 1).wait()
    story.task("sent", queue="jobs").told(1)
    story.books.pause()
    story.wait(100).books.begin()
    assert story.told(50).running is None
    told = story.wait().told(50)  # what was sent meanwhile was not heard
    assert (told.running, told.sent, told.remarks) == (1, 1, ())


def test_tasks_that_wait_and_nobody_to_take_them_are_remarked():
    assert NOBODY in Story().wait().told(5).remarks


def test_completions_never_fall():
    story, seen = Story().beat(0, 5).wait(), []
    for active, processed in (1, 6), (0, 6), (2, 8), (2, 8), (0, 9):
        seen.append(story.beat(active, processed).told().done)
    assert seen == sorted(seen)


def test_how_long_tasks_take_is_as_their_worker_says_or_as_it_was_seen():
    story = Story().beat(0, 0).wait().task("received", "started", "succeeded", runtime=3.0)
    story.task("received", "started", uuid="a").wait(0.98).task("failed", uuid="a")
    assert story.told().service_s == pytest.approx(2.0, abs=0.01)
    kept = story.books.kept(0.0)
    assert kept.work_s.tolist() == pytest.approx([3.0, 1.0], abs=0.02)
    assert kept.names == ("shop.work", "shop.work")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "MOST", 100)
    story = Story().beat(0, 0)
    for _ in range(250):
        story.task("sent", "received", "started", "succeeded", runtime=1.0, queue="jobs")
    kept = story.books.kept(0.0)
    assert len(kept.came_s) == 100
    assert (kept.came_s[1:] >= kept.came_s[:-1]).all()
    assert len(story.books._memory._place) <= 100


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b"{}", b'{"body": 3}', b'{"body": "!", "properties": 1}', b'{"body": "e30="}']
)
def test_what_is_no_event_is_left_out(payload: bytes):
    assert of_redis(payload) == []
    assert of_body(payload) == []
