"""A broker of each kind with a shop on it, once a session; the Redis account of the source may read and listen only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from operate.sources.celery.settings import CelerySettings
from operate.sources.celery.source import KIND, CelerySource
from tests.live.servers import RunningServer, require_server
from tests.operate.brokers import RunningRabbit
from tests.operate.sources.benches import WATCHER, watched
from tests.operate.sources.celery.benches import QUEUE, CeleryBench, RedisShopBench, Shop


@pytest.fixture(scope="session")
def redis_broker() -> Iterator[RunningServer]:
    require_server()
    running = RunningServer(*WATCHER, "+psubscribe", "&/0.celeryev/*")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def redis_shop(redis_broker: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(redis_broker.url, tmp_path_factory.mktemp("shop"), "-E")
    shop.start()
    yield shop
    shop.stop(kill=True)


@pytest.fixture(scope="session")
def rabbit_shop(rabbit: RunningRabbit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(rabbit.url, tmp_path_factory.mktemp("shop"), "-E")
    shop.start()
    with closing(shop.app.connection()) as connection, closing(connection.channel()) as channel:
        channel.queue_declare(QUEUE, durable=True, auto_delete=False)
    yield shop
    shop.stop(kill=True)


def redis_settings(server: RunningServer, **values: object) -> CelerySettings:
    return CelerySettings.model_validate({"url": watched(server.url), "queues": [QUEUE]} | values)


@pytest.fixture(scope="class")
def redis_source(redis_broker: RunningServer) -> Iterator[CelerySource]:
    """One that listens from one test to the next, as a controller's does."""
    with closing(KIND.open(redis_settings(redis_broker))) as source:
        yield source  # type: ignore[misc]


@pytest.fixture(scope="class")
def rabbit_source(rabbit: RunningRabbit) -> Iterator[CelerySource]:
    settings = CelerySettings.model_validate({"url": rabbit.url, "queues": [QUEUE]})
    with closing(KIND.open(settings)) as source:
        yield source  # type: ignore[misc]


@pytest.fixture
def redis_bench(redis_broker: RunningServer, redis_shop: Shop, redis_source: CelerySource) -> Iterator[CeleryBench]:
    bench = RedisShopBench(redis_shop, redis_broker, redis_source)
    bench.reset()
    yield bench
    bench.clear()


@pytest.fixture
def rabbit_bench(rabbit: RunningRabbit, rabbit_shop: Shop, rabbit_source: CelerySource) -> Iterator[CeleryBench]:
    bench = CeleryBench(rabbit_shop, rabbit, rabbit_source)
    bench.reset()
    yield bench
    bench.clear()


@pytest.fixture
def deaf_bench(redis_broker: RunningServer, redis_shop: Shop) -> Iterator[CeleryBench]:
    """A source without events, of the same shop."""
    with closing(KIND.open(redis_settings(redis_broker, events=False))) as source:
        bench = RedisShopBench(redis_shop, redis_broker, source)
        bench.reset()
        yield bench
        bench.clear()


@pytest.fixture
def admin(redis_broker: RunningServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_broker.url) as client:
        yield client
