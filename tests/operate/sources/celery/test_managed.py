"""What the management of RabbitMQ adds to a Celery: arrivals without events, alarms, and names of queues."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from autoscaling_env.errors import BackendError
from operate.kinds import source_kinds
from operate.reading import Fact, Reading
from operate.sources.celery.settings import CelerySettings
from operate.sources.celery.source import KIND
from operate.sources.rabbitmq import alarms, finding
from tests.operate.brokers import SAMPLED_S, RunningRabbit
from tests.operate.sources.celery.benches import QUEUE, CeleryBench, Shop
from tests.operate.sources.readings import read_until
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.live


def managed(rabbit: RunningRabbit, **values: Any) -> CelerySettings:
    given: dict[str, Any] = {"url": rabbit.url, "queues": [QUEUE], "management_url": rabbit.management_url}
    return CelerySettings.model_validate(given | {"sampled_every": SAMPLED_S, "events": False} | values)


def test_without_events_it_counts_what_comes_and_tells_what_workers_hold(
    rabbit: RunningRabbit, rabbit_bench: CeleryBench
) -> None:
    with closing(KIND.open(managed(rabbit))) as source:
        assert source.knows == {Fact.BACKLOG, Fact.ARRIVED}
        rabbit_bench.put(1)
        before = read_until(source, lambda seen: seen.backlog == 1 and seen.arrived_total).arrived_total or 0.0
        rabbit_bench.put(3)
        seen = read_until(source, lambda seen: seen.backlog == 4)
        assert seen.arrived_total == before + 3
        assert seen.in_flight is seen.completed_total is None
        rabbit_bench.take(2)
        held = read_until(source, lambda seen: any("workers hold" in each for each in seen.remarks))
        assert any(" messages of these queues (" in each for each in held.remarks)


def test_a_broker_whose_disk_is_full_says_so_in_every_source_that_may_ask(
    rabbit: RunningRabbit, rabbit_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "EVERY_S", 0.0)
    plain = source_kinds()["rabbitmq"]
    queue = plain.settings.model_validate({"kind": "rabbitmq", "url": rabbit.management_url, "queue": QUEUE})
    with (
        closing(KIND.open(managed(rabbit, events=True))) as listening,
        closing(KIND.open(managed(rabbit))) as deaf,
        closing(plain.open(queue)) as source,
    ):
        sources = (listening, deaf, source)
        for each in sources:
            read_until(each, lambda seen: not _alarms(seen))
        rabbit.control("set_disk_free_limit", str(10**17))
        try:
            for each in sources:
                (said,) = _alarms(read_until(each, _alarms))
                assert "has its alarm for disk: producers are blocked until it has free space above" in said
            assert any(not each.ok and "alarm for disk" in each.detail for each in KIND.examine(managed(rabbit)))
        finally:
            rabbit.control("set_disk_free_limit", str(50 * 10**6))
        read_until(source, lambda seen: not _alarms(seen))


def _alarms(reading: Reading) -> list[str]:
    return [each for each in reading.remarks if "alarm" in each]


def test_an_account_that_may_not_see_nodes_asks_once(rabbit: RunningRabbit, rabbit_shop: Shop) -> None:
    rabbit.add_user("manager", "management", read=".*")
    with closing(KIND.open(managed(rabbit, management_url=rabbit.http_url("manager"), events=True))) as source:
        assert not _alarms(source.read())
        assert source._queues._alarms._told._next_s == float("inf")  # type: ignore[attr-defined]


def test_no_management_leaves_what_amqp_tells_and_says_nothing_false(rabbit: RunningRabbit, rabbit_shop: Shop) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with closing(KIND.open(managed(rabbit, management_url=nobody, events=True))) as source:
        assert source.read().backlog is not None
    with (
        closing(KIND.open(managed(rabbit, management_url=nobody))) as deaf,
        pytest.raises(BackendError, match="no connection"),
    ):
        deaf.read()


def test_queues_are_found_by_the_management_and_by_amqp_beside_it(
    rabbit: RunningRabbit, rabbit_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rabbit_shop.put(1, queue="mail")
    rabbit_shop.app.connection_for_read()
    url = rabbit.http_url("owner")
    found = until(lambda: {each["queues"][0]: each for each in KIND.find(url)}, "they are listed")
    assert "mail" in found
    assert found["mail"]["url"] == rabbit.url
    assert found["mail"]["management_url"] == url
    assert not [name for name in found if "celery" in name]
    settings = {name: value for name, value in found["mail"].items() if name != "found"}
    with closing(KIND.open(CelerySettings.model_validate(settings | {"events": False}))) as source:
        assert read_until(source, lambda seen: seen.backlog is not None).backlog is not None
    monkeypatch.setattr(finding, "PORTS", {"http": rabbit.management_port, "https": free_port()})
    assert {each["queues"][0] for each in KIND.find(rabbit.url)} == set(found)
    with closing(rabbit_shop.app.connection()) as connection, closing(connection.channel()) as channel:
        channel.queue_delete("mail")
        channel.exchange_delete("mail")
