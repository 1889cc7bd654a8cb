"""A list in Redis, read with an account that may not write."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import redis
from pydantic import ValidationError

from autoscaling_env.errors import BackendError
from operate.reading import Fact
from operate.sources.redis.list import KIND, RedisList, RedisListSettings
from operate.testing.source import SourceContract
from tests.live.servers import RunningServer
from tests.operate.sources.benches import SECRET, ListBench, watched

pytestmark = pytest.mark.live

ALL: dict[str, Any] = {
    "key": "jobs",
    "processing_keys": ["jobs:processing"],
    "arrived_key": "jobs:arrived",
    "completed_key": "jobs:completed",
    "timestamp_field": "meta.at",
    "taken_from": "right",
}


def settings(server: RunningServer, **values: Any) -> RedisListSettings:
    return RedisListSettings(**({"url": watched(server.url), "key": "jobs"} | values))


class TestContract(SourceContract):
    @pytest.fixture(params=["all", "least"])
    def bench(
        self, watched_server: RunningServer, admin: redis.Redis, request: pytest.FixtureRequest
    ) -> Iterator[ListBench]:
        source = KIND.open(settings(watched_server, **(ALL if request.param == "all" else {})))
        yield ListBench(watched_server, admin, source)
        source.close()


@pytest.fixture
def bench(watched_server: RunningServer, admin: redis.Redis) -> Iterator[ListBench]:
    with closing(RedisList(settings(watched_server, **ALL))) as source:
        yield ListBench(watched_server, admin, source)


def test_what_it_knows_is_what_is_configured(watched_server: RunningServer) -> None:
    assert KIND.open(settings(watched_server)).knows == {Fact.BACKLOG}
    assert KIND.open(settings(watched_server, **ALL)).knows == set(Fact) - {Fact.SERVICE}


def test_a_task_that_is_no_json_costs_its_age_and_nothing_else(bench: ListBench) -> None:
    bench.admin.lpush("jobs", b"\xff\x00 pickled")
    bench.put(2)
    reading = bench.source.read()
    assert reading.backlog == 3
    assert reading.oldest_s is None
    assert "the oldest task is not JSON: its age is not known" in reading.remarks


@pytest.mark.parametrize("unit", [1.0, 1e3, 1e6, 1e9])
def test_times_are_told_by_their_size(bench: ListBench, unit: float) -> None:
    bench.admin.lpush("jobs", json.dumps({"meta": {"at": int((time.time() - 30) * unit)}}))
    assert bench.source.read().oldest_s == pytest.approx(30, abs=1.5)


def test_a_task_of_the_future_is_said(bench: ListBench) -> None:
    bench.admin.lpush("jobs", json.dumps({"meta": {"at": time.time() + 60}}))
    reading = bench.source.read()
    assert reading.oldest_s == 0
    assert "two clocks differ" in " ".join(reading.remarks)


def test_a_counter_that_is_not_there_is_said(bench: ListBench) -> None:
    reading = bench.source.read()
    assert (reading.arrived_total, reading.completed_total) == (0, 0)
    assert "there is no key 'jobs:arrived': it is read as 0" in reading.remarks


def test_a_counter_that_is_no_number_is_one_line(bench: ListBench) -> None:
    bench.admin.set("jobs:completed", b"\xffmany")
    with pytest.raises(BackendError, match=r"'jobs:completed' has b'\\xffmany', which is no number") as caught:
        bench.source.read()
    assert len(str(caught.value).splitlines()) == 1


def test_a_counter_that_was_reset_is_told_as_it_is(bench: ListBench) -> None:
    bench.put(5)
    assert bench.source.read().arrived_total == 5
    bench.admin.set("jobs:arrived", 0)
    assert bench.source.read().arrived_total == 0


@pytest.mark.parametrize("kind", ["list", "hash", "zset", "set"])
def test_in_flight_is_counted_in_whatever_holds_it(bench: ListBench, kind: str) -> None:
    {
        "list": lambda: bench.admin.lpush("jobs:processing", "a", "b"),
        "hash": lambda: bench.admin.hset("jobs:processing", mapping={"a": 1, "b": 2}),
        "zset": lambda: bench.admin.zadd("jobs:processing", {"a": 1, "b": 2}),
        "set": lambda: bench.admin.sadd("jobs:processing", "a", "b"),
    }[kind]()
    assert bench.source.read().in_flight == 2


def test_a_key_of_another_type_is_one_line(bench: ListBench) -> None:
    bench.admin.set("jobs", "mine")
    with pytest.raises(BackendError, match=r"LLEN jobs: WRONGTYPE .*name the right one"):
        bench.source.read()
    bench.admin.delete("jobs")
    bench.admin.set("jobs:processing", "mine")
    with pytest.raises(BackendError, match="'jobs:processing' is a string, not a list"):
        bench.source.read()


def test_an_account_that_may_not_read_the_key_is_told_what_it_needs(
    watched_server: RunningServer, admin: redis.Redis
) -> None:
    admin.acl_setuser("stranger", enabled=True, passwords=[f"+{SECRET}"], keys=["other*"], categories=["+@read"])
    url = watched_server.url.replace("unix://", f"unix://stranger:{SECRET}@")
    with (
        closing(RedisList(RedisListSettings(url=url, key="jobs"))) as source,
        pytest.raises(BackendError, match=r"LLEN jobs: .*needs \+@read on the queue's keys"),
    ):
        source.read()


def test_another_database_needs_select(watched_server: RunningServer, admin: redis.Redis) -> None:
    other = watched(watched_server.url) + "?db=1"
    with closing(RedisList(RedisListSettings(url=other, key="jobs"))) as source:
        with pytest.raises(BackendError, match=r"'select' command: the account needs \+select"):
            source.read()
        admin.execute_command("ACL", "SETUSER", "watcher", "+select")
        try:
            assert source.read().backlog == 0
        finally:
            admin.execute_command("ACL", "SETUSER", "watcher", "-select")


def test_a_server_that_does_not_tell_the_time_is_asked_once(bench: ListBench) -> None:
    """Each refusal would stand in its owner's ACL LOG."""
    bench.admin.acl_log_reset()
    for _ in range(5):
        bench.source.read()
    refused = [entry["object"] for entry in bench.admin.acl_log() if "time" in str(entry["object"])]
    assert len(refused) == 1
    assert bench.admin.acl_log()[0]["count"] == 1


@pytest.mark.parametrize(
    "values", [{"timestamp_field": "at"}, {"taken_from": "left"}, {"processing_keys": ["jobs"]}, {"key": ""}]
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RedisListSettings(**({"url": "redis://h", "key": "jobs"} | values))


class TestExamine:
    def test_all_is_well(self, bench: ListBench) -> None:
        bench.put(3)
        bench.take(1)
        bench.finish(1)
        findings = KIND.examine(bench.source._settings)  # type: ignore[attr-defined]
        assert [each.what for each in findings if not each.ok] == []
        assert len(findings) == 5

    def test_each_thing_that_is_wrong_has_a_remedy(self, bench: ListBench) -> None:
        bench.admin.hset("jobs", "a", 1)
        bench.admin.set("jobs:processing", "a")
        bench.admin.set("jobs:arrived", "many")
        findings = KIND.examine(bench.source._settings)  # type: ignore[attr-defined]
        assert all(not each.ok and each.remedy for each in findings)
        assert len(findings) == 5

    def test_the_wrong_end_is_noticed(self, watched_server: RunningServer, bench: ListBench) -> None:
        bench.put(1)
        time.sleep(0.05)
        bench.put(1)
        wrong = settings(watched_server, **(ALL | {"taken_from": "left"}))
        (finding,) = (each for each in KIND.examine(wrong) if each.what == "timestamp_field")
        assert not finding.ok
        assert "other end" in finding.remedy

    def test_no_server_is_one_finding(self) -> None:
        (finding,) = KIND.examine(RedisListSettings(url=f"redis://:{SECRET}@127.0.0.1:1/0", key="jobs"))
        assert not finding.ok
        assert SECRET not in finding.detail


def test_what_becomes_of_the_task_in_hand_is_said() -> None:
    plain, kept = RedisListSettings(url="redis://x", key="jobs"), {"processing_keys": ("jobs:processing",)}
    (found,) = KIND.advise(plain, None)
    assert found.ok
    assert "one that is killed takes it along: LMOVE" in found.detail
    (found,) = KIND.advise(plain.model_copy(update=kept), None)
    assert found.detail.startswith("stands in 'jobs:processing'; what a killed worker leaves there")


def test_find_lists_queues_the_longest_first(watched_server: RunningServer, bench: ListBench) -> None:
    bench.put(3)
    bench.take(1)
    bench.admin.rpush("mails", *range(9))
    bench.admin.rpush(b"\xff", "binary")
    bench.admin.rpush("{farm}:worker_queue", "ours")
    url = watched(watched_server.url)
    assert KIND.find(url) == [
        {"kind": "redis_list", "url": url, "key": "mails"},
        {"kind": "redis_list", "url": url, "key": "jobs", "processing_keys": ["jobs:processing"]},
    ]
    assert all(RedisListSettings(**found) for found in KIND.find(url))


def test_a_list_of_a_hundred_thousand_is_read_in_milliseconds(bench: ListBench) -> None:
    for _ in range(10):
        bench.admin.lpush("jobs", *[json.dumps({"meta": {"at": time.time()}})] * 10_000)
    bench.source.read()
    took = []
    for _ in range(20):
        began = time.perf_counter()
        assert bench.source.read().backlog == 100_000
        took.append(time.perf_counter() - began)
    assert min(took) < 0.03
