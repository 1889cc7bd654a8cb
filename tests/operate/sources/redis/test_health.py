"""A Redis that cannot write to its disk is told of, by whoever may ask; others are refused once and ask no more."""

from __future__ import annotations

from contextlib import closing

import pytest
import redis

from operate.sources.redis.health import EVERY_S, Health, troubles
from operate.sources.redis.list import RedisList, RedisListSettings
from operate.sources.redis.server import RedisSection, RedisServer
from tests.live.servers import RunningServer, require_server
from tests.operate.sources.benches import watched
from tests.waiting import until

WELL = {"aof_enabled": 1, "aof_last_write_status": "ok", "rdb_last_bgsave_status": "ok"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"aof_last_write_status": "err"}, ["append-only file to disk (aof_last_write_status:err): it refuses"]),
        ({"aof_last_write_status": "err", "aof_enabled": 0}, []),
        ({"rdb_last_bgsave_status": "err"}, ["unless stop-writes-on-bgsave-error is no"]),
    ],
)
def test_what_an_answer_says_against_a_server(changes: dict[str, object], said: list[str]) -> None:
    found = list(troubles(WELL | changes, "h"))
    assert len(found) == len(said)
    assert all(words in each for words, each in zip(said, found, strict=True))


@pytest.mark.live
def test_a_snapshot_that_cannot_be_saved_is_in_a_reading_and_is_over_when_it_can() -> None:
    require_server()
    server, clock = RunningServer(), [1000.0]
    try:
        settings = RedisListSettings(url=server.url, key="jobs")
        with redis.Redis.from_url(server.url) as owner, closing(RedisList(settings, lambda: clock[0])) as source:
            owner.rpush("jobs", "a")
            assert source.read().remarks == ()
            (server.directory / "dump.rdb").mkdir()  # where its file should be
            saved(owner, "err")
            assert source.read().remarks == ()  # it is not asked at every reading
            clock[0] += EVERY_S
            (said,) = source.read().remarks
            assert "could not save its last snapshot to disk" in said
            (server.directory / "dump.rdb").rmdir()
            saved(owner, "ok")
            clock[0] += EVERY_S
            assert source.read().remarks == ()
    finally:
        server.stop()


def saved(owner: redis.Redis, status: str) -> None:
    """Let the server save a snapshot in a process of its own, as it does by itself, and wait until it is known."""
    owner.bgsave()

    def known() -> bool:
        told = owner.info("persistence")
        return not told["rdb_bgsave_in_progress"] and told["rdb_last_bgsave_status"] == status

    until(known, lambda: owner.info("persistence"), every_s=0.05)


@pytest.mark.live
def test_an_account_that_may_not_ask_is_refused_once(watched_server: RunningServer) -> None:
    with closing(RedisServer(RedisSection(url=watched(watched_server.url)))) as server:
        clock, asked = [0.0], []
        health = Health(server, lambda: clock[0])
        ask_each = server.ask_each
        server.ask_each = lambda *commands: asked.append(commands) or ask_each(*commands)  # type: ignore[method-assign]
        for _ in range(3):
            assert health.remarks() == ()
            clock[0] += EVERY_S
        assert len(asked) == 1
