"""Somebody's ordinary Celery, with a worker process of its own, on a real Redis and on a real RabbitMQ."""

from __future__ import annotations

import pytest

from operate.reading import Fact
from operate.testing.source import SourceContract
from tests.operate.sources.celery.benches import CeleryBench

pytestmark = pytest.mark.live


class TestOnRedis(SourceContract):
    settles_s = 8.0

    @pytest.fixture
    def bench(self, redis_bench: CeleryBench) -> CeleryBench:
        return redis_bench


class TestOnRedisWithoutEvents(SourceContract):
    settles_s = 2.0

    @pytest.fixture
    def bench(self, deaf_bench: CeleryBench) -> CeleryBench:
        return deaf_bench

    def test_it_says_what_it_does_not_see(self, bench: CeleryBench) -> None:
        assert bench.source.knows == {Fact.BACKLOG}
        bench.put(3)
        bench.take(2)
        (remark,) = bench.source.read().remarks
        assert "workers of this broker hold 2 messages" in remark
        assert "events: true" in remark


class TestOnRabbit(SourceContract):
    settles_s = 8.0

    @pytest.fixture
    def bench(self, rabbit_bench: CeleryBench) -> CeleryBench:
        return rabbit_bench
