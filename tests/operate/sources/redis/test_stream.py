"""A stream in Redis with a consumer group, read with an account that may not write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import redis

from autoscaling_env.errors import BackendError
from operate.reading import Fact
from operate.sources.redis.stream import KIND, MOST_COUNTED, RedisStream, RedisStreamSettings
from operate.sources.redis.stream_group import group_of
from operate.testing.source import SourceContract
from tests.live.servers import RunningServer
from tests.operate.sources.benches import StreamBench, watched

pytestmark = pytest.mark.live


def settings(server: RunningServer, **values: Any) -> RedisStreamSettings:
    return RedisStreamSettings(**({"url": watched(server.url), "key": "jobs", "group": "workers"} | values))


@pytest.fixture
def bench(watched_server: RunningServer, admin: redis.Redis) -> Iterator[StreamBench]:
    with closing(RedisStream(settings(watched_server))) as source:
        yield StreamBench(watched_server, admin, source)


class TestContract(SourceContract):
    @pytest.fixture
    def bench(self, bench: StreamBench) -> StreamBench:
        return bench


def test_ids_that_are_no_times_tell_no_age(watched_server: RunningServer, bench: StreamBench) -> None:
    with closing(RedisStream(settings(watched_server, ids_are_times=False))) as source:
        assert Fact.OLDEST not in source.knows
        bench.put(2)
        assert source.read().oldest_s is None


def test_an_id_that_is_no_time_is_said(bench: StreamBench) -> None:
    bench.admin.xadd("jobs", {"a": 1}, id="1-1")
    reading = bench.source.read()
    assert reading.backlog == 1
    assert reading.oldest_s is None
    assert "which is no time" in " ".join(reading.remarks)


def test_where_the_lag_is_not_told_entries_are_counted(bench: StreamBench) -> None:
    """An entry deleted before it was delivered makes the lag null."""
    bench.put(10)
    bench.take(2)
    entries = bench.admin.xrange("jobs")
    bench.admin.xdel("jobs", entries[5][0])
    assert bench.admin.xinfo_groups("jobs")[0]["lag"] is None
    reading = bench.source.read()
    assert reading.backlog == 7
    assert "counted" in " ".join(reading.remarks)
    assert reading.in_flight == 2


def test_a_group_that_began_in_the_middle_is_counted_until_it_has_caught_up(bench: StreamBench) -> None:
    bench.put(4)
    middle = bench.admin.xrange("jobs")[1][0]
    bench.admin.xgroup_destroy("jobs", "workers")
    bench.admin.xgroup_create("jobs", "workers", id=middle)
    reading = bench.source.read()
    assert (reading.backlog, reading.completed_total) == (2, None)
    assert "until the group has caught up once" in " ".join(reading.remarks)
    bench.take(2)
    caught_up = bench.source.read()
    assert (caught_up.backlog, caught_up.in_flight, caught_up.completed_total) == (0, 2, 2)
    assert caught_up.remarks == ()


def fill(bench: StreamBench, count: int) -> list[str]:
    """Ten entries a second over the last minutes."""
    began_ms = int(time.time() * 1000) - 100 * count
    ids = [f"{began_ms + 100 * n}-0" for n in range(count)]
    pipe = bench.admin.pipeline()
    for one in ids:
        pipe.xadd("jobs", {"n": 1}, id=one)
    pipe.execute()
    return ids


def test_beyond_what_is_counted_those_that_were_not_delivered_wait(bench: StreamBench) -> None:
    ids = fill(bench, 5 * MOST_COUNTED)
    bench.take(2 * MOST_COUNTED)
    bench.admin.xdel("jobs", ids[-3])
    assert bench.admin.xinfo_groups("jobs")[0]["lag"] is None
    reading = bench.source.read()
    assert reading.backlog == pytest.approx(3 * MOST_COUNTED, abs=1)
    assert "estimated" in " ".join(reading.remarks)


def test_where_nobody_knows_what_was_delivered_the_times_of_the_ids_tell(bench: StreamBench) -> None:
    ids = fill(bench, 5 * MOST_COUNTED)
    bench.admin.xgroup_destroy("jobs", "workers")
    bench.admin.xgroup_create("jobs", "workers", id=ids[2 * MOST_COUNTED - 1])
    reading = bench.source.read()
    assert reading.completed_total is None
    assert reading.backlog == pytest.approx(3 * MOST_COUNTED, rel=0.01)
    assert "estimated" in " ".join(reading.remarks)


def test_what_was_trimmed_before_it_was_delivered_does_not_wait(bench: StreamBench) -> None:
    bench.put(10)
    bench.admin.xtrim("jobs", maxlen=4, approximate=False)
    reading = bench.source.read()
    assert reading.backlog == 4
    assert reading.arrived_total == 10


def test_entries_that_are_deleted_once_finished_count_on(bench: StreamBench) -> None:
    bench.put(5)
    bench.take(3)
    done = bench.held[:2]
    bench.finish(2)
    bench.admin.xdel("jobs", *done)
    reading = bench.source.read()
    assert (reading.backlog, reading.in_flight, reading.arrived_total, reading.completed_total) == (2, 1, 5, 2)
    assert reading.remarks == ()


def test_an_entry_that_nobody_claims_is_remarked_upon(watched_server: RunningServer, bench: StreamBench) -> None:
    bench.put(1)
    bench.take(1)
    assert bench.source.read().remarks == ()
    time.sleep(0.15)
    with closing(RedisStream(settings(watched_server, abandoned_after=0.1))) as source:
        assert "is its consumer alive?" in " ".join(source.read().remarks)


def test_a_group_that_is_not_there_is_one_line_with_those_that_are(
    watched_server: RunningServer, bench: StreamBench
) -> None:
    with closing(RedisStream(settings(watched_server, group="wrkers"))) as source:
        with pytest.raises(BackendError, match=r"no such group; there are: workers"):
            source.read()
        bench.admin.delete("jobs")
        with pytest.raises(BackendError, match="no such key"):
            source.read()


def test_an_old_server_tells_no_counters() -> None:
    """What 6.2 answers: neither entries-added nor lag."""
    stream = {"length": 3, "last-generated-id": b"5-0"}
    group = group_of("g", stream, [{"name": b"g", "pending": 1, "last-delivered-id": b"2-0"}])
    assert group is not None
    assert (group.added, group.lag, group.delivered, group.completed) == (None, None, None, None)


class TestExamine:
    def test_all_is_well(self, bench: StreamBench, watched_server: RunningServer) -> None:
        bench.put(2)
        findings = KIND.examine(settings(watched_server))
        assert [each.ok for each in findings] == [True, True, True]

    def test_a_group_or_stream_that_is_not_there_has_a_remedy(
        self, bench: StreamBench, watched_server: RunningServer
    ) -> None:
        *_, group = KIND.examine(settings(watched_server, group="other"))
        assert (group.ok, group.what) == (False, "group")
        (stream,) = KIND.examine(settings(watched_server, key="other"))
        assert (stream.ok, stream.what) == (False, "stream")
        bench.admin.set("text", "a")
        (stream,) = KIND.examine(settings(watched_server, key="text"))
        assert (stream.ok, stream.remedy) == (False, "name the stream in source.key")

    def test_a_lag_that_is_not_told_is_said(self, bench: StreamBench, watched_server: RunningServer) -> None:
        bench.put(3)
        bench.admin.xdel("jobs", bench.admin.xrange("jobs")[1][0])
        *_, counters = KIND.examine(settings(watched_server))
        assert not counters.ok
        assert "XDEL" in counters.remedy


def test_find_lists_the_groups(watched_server: RunningServer, bench: StreamBench) -> None:
    bench.put(2)
    bench.admin.xgroup_create("jobs", "audit", id="0")
    bench.take(1)
    url = watched(watched_server.url)
    found = KIND.find(url)
    assert [(each["key"], each["group"]) for each in found] == [("jobs", "audit"), ("jobs", "workers")]
    assert all(RedisStreamSettings(**each) for each in found)


def test_an_entry_that_nobody_claims_is_named_with_the_command_that_does(
    watched_server: RunningServer, bench: StreamBench
) -> None:
    bench.put(2)
    (found,) = KIND.advise(settings(watched_server), None)
    assert found.ok
    assert "stays pending when its worker is killed" in found.detail
    bench.take(1)
    time.sleep(0.05)
    (found,) = KIND.advise(settings(watched_server, abandoned_after=0.01), None)
    assert not found.ok
    assert "XAUTOCLAIM jobs workers" in found.remedy
    bench.finish(1)
    assert KIND.advise(settings(watched_server, abandoned_after=0.01), None)[0].ok


def test_a_server_that_is_away_breaks_no_advice() -> None:
    (found,) = KIND.advise(RedisStreamSettings(url="redis://127.0.0.1:1/0", key="jobs", group="workers"), None)
    assert found.ok
