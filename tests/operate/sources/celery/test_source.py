"""Somebody's ordinary Celery, with a worker process of its own, on a real Redis and on a real RabbitMQ."""

from __future__ import annotations

from contextlib import closing

import pytest

from autoscaling_env.errors import BackendError
from operate.sources.celery.settings import CelerySettings
from operate.sources.celery.source import KIND
from operate.testing.source import SourceContract
from tests.operate.brokers import RunningRabbit
from tests.operate.sources.celery.benches import QUEUE, CeleryBench, Shop
from tests.waiting import until

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


class TestOnRabbit(SourceContract):
    settles_s = 8.0

    @pytest.fixture
    def bench(self, rabbit_bench: CeleryBench) -> CeleryBench:
        return rabbit_bench


def events_queues(rabbit: RunningRabbit) -> list[str]:
    return [each["name"] for each in rabbit.manage("GET", "queues") if each["name"].startswith("celeryev.")]


def test_what_it_has_in_rabbitmq_is_there_while_it_listens_and_no_longer(
    rabbit: RunningRabbit, rabbit_shop: Shop
) -> None:
    before = set(events_queues(rabbit))
    source = KIND.open(CelerySettings(url=rabbit.url, queues=(QUEUE,)))
    source.read()
    (queue,) = until(lambda: set(events_queues(rabbit)) - before, "it listens")
    told = rabbit.manage("GET", f"queues/%2F/{queue}")
    assert (told["exclusive"], told["auto_delete"]) == (True, True)
    assert told["arguments"] == {"x-message-ttl": 5000, "x-max-length": 100_000}
    source.close()
    until(lambda: set(events_queues(rabbit)) <= before, "it is gone")
    with closing(KIND.open(CelerySettings(url=rabbit.url, queues=(QUEUE,), events=False))) as deaf:
        deaf.read()
        assert set(events_queues(rabbit)) <= before


def test_a_queue_that_is_not_in_rabbitmq_is_one_line_and_is_not_found(rabbit: RunningRabbit, rabbit_shop: Shop) -> None:
    settings = CelerySettings(url=rabbit.url, queues=(QUEUE, "orders"))
    with closing(KIND.open(settings)) as source, pytest.raises(BackendError, match="no queue 'orders'"):
        source.read()
    (finding,) = KIND.examine(settings)
    assert not finding.ok
    assert KIND.find(rabbit.url) == []
    with closing(rabbit_shop.app.connection()) as connection, closing(connection.channel()) as channel:
        channel.queue_declare("celery", durable=True, auto_delete=False)
        try:
            (found,) = KIND.find(rabbit.url)
        finally:
            channel.queue_delete("celery")
    assert (found["kind"], found["queues"], found["url"]) == ("celery", ["celery"], rabbit.url)
