"""A queue by the management of its RabbitMQ: what it tells, what falsifies it, what is said of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pika
import pytest

from autoscaling_env.errors import BackendError
from operate.reading import Reading
from operate.sources.prometheus import doctor as prometheus
from operate.sources.rabbitmq import finding
from operate.sources.rabbitmq.kind import KIND
from operate.template import WorkerTemplate
from tests.operate.brokers import SECRET, RunningRabbit
from tests.operate.sources.rabbits import RabbitBench, settings
from tests.operate.sources.readings import read_until
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.live


@pytest.fixture
def bench(rabbit: RunningRabbit) -> Iterator[RabbitBench]:
    bench = RabbitBench(rabbit, "quorum")
    yield bench
    bench.close()


def when(bench: RabbitBench, true: Any) -> Reading:
    return read_until(bench.source, true)


def findings(bench: RabbitBench, **values: Any) -> dict[str, Any]:
    return {each.what: each for each in KIND.examine(settings(bench.rabbit, bench.queue, **values))}


def test_auto_ack_is_seen_and_what_it_hides_is_not_told(bench: RabbitBench) -> None:
    bench.consume(0, auto_ack=True)
    bench.put(5)
    reading = when(bench, lambda seen: seen.in_flight is None and seen.arrived_total == 5)
    assert reading.completed_total is None
    assert reading.backlog == 0
    assert "1 of 1 consumers acknowledge nothing (auto-ack)" in " ".join(reading.remarks)
    found = findings(bench)
    assert not found["consumers"].ok
    assert "basic_consume(auto_ack=False)" in found["consumers"].remedy
    advice = {each.what: each for each in KIND.advise(settings(bench.rabbit, bench.queue), WorkerTemplate("x"))}
    assert not advice["acknowledgement"].ok


def test_unlimited_prefetch_hides_the_backlog_and_is_named_with_the_number(bench: RabbitBench) -> None:
    """And tasks that come back when the worker goes are remarked upon."""
    worker = bench.consume(0)
    bench.put(30)
    when(bench, lambda seen: (seen.backlog, seen.in_flight) == (0, 30))
    found = findings(bench)
    assert not found["prefetch"].ok
    assert "1 of 1 take any number of tasks at once: 30 tasks are held" in found["prefetch"].detail
    assert "basic_qos(prefetch_count=1)" in found["prefetch"].remedy
    worker.connection.close()
    bench.consume(2)
    seen: list[Reading] = []
    when(bench, lambda reading: seen.append(reading) or (reading.backlog, reading.in_flight) == (28, 2))
    assert "handed out once more" in " ".join(remark for each in seen for remark in each.remarks)
    again = findings(bench)["prefetch"]
    assert again.ok
    assert "up to 2 tasks at once" in again.detail


def test_a_channels_own_limit_is_seen_as_celery_sets_it(rabbit: RunningRabbit) -> None:
    bench = RabbitBench(rabbit, "classic")
    with closing(bench):
        connection = pika.BlockingConnection(pika.URLParameters(rabbit.url))
        bench.consumers.append(connection)
        channel = connection.channel()
        channel.basic_qos(prefetch_count=4, global_qos=True)
        channel.basic_consume(bench.queue, lambda *_: None)
        connection.process_data_events(0.2)
        found = until(lambda: [each for what, each in findings(bench).items() if what == "prefetch" and each.ok])
        assert "up to 4 tasks at once" in found[0].detail


def test_delayed_retries_are_seen_not_to_be_counted(bench: RabbitBench) -> None:
    delayed = {
        "x-message-ttl": 100, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": bench.queue, "x-max-length": 99
    }  # fmt: skip
    retry = f"{bench.queue} retry"
    bench.channel.queue_declare(retry, arguments=delayed)
    for _ in range(40):
        bench.channel.basic_publish("", retry, b"once more")
    reading = when(bench, lambda seen: seen.arrived_total is None)
    assert reading.backlog == 40
    assert reading.completed_total == 0
    assert "messages come that are not counted as published" in " ".join(reading.remarks)
    assert f"dead letters of {retry} come here" in findings(bench)["arrivals"].detail
    limits = {each.what: each for each in KIND.examine(settings(bench.rabbit, retry))}["limits"]
    assert "wait for 100 ms are removed; beyond 99 tasks" in limits.detail


def test_figures_grow_old_between_two_samples(bench: RabbitBench) -> None:
    bench.put(1)
    when(bench, lambda seen: seen.backlog == 1)
    ages = [bench.source.read().age_s for _ in range(3)]
    assert 0 < ages[0] <= ages[-1] <= 1.0


@pytest.mark.parametrize("by_amqp", [False, True])
def test_errors_are_one_line_each(bench: RabbitBench, by_amqp: bool) -> None:
    rabbit, url = bench.rabbit, bench.rabbit.http_url("watcher")
    if by_amqp:
        url = rabbit.amqp_url("watcher")
    elsewhere = url.replace(str(rabbit.port if by_amqp else rabbit.management_port), str(free_port()))
    cases = [
        ({"queue": "none"}, "there is no queue 'none' in virtual host '/'"),
        ({"url": url.replace(SECRET, "wrong")}, "it refuses user or password: correct source.url"),
        ({"url": elsewhere}, "no connection: is it running, and is source.url right?"),
        ({"url": url.replace("127.0.0.1", "no.such.host.invalid")}, "its name cannot be looked up|no answer within"),
    ]
    for values, said in cases:
        with closing(KIND.open(settings(rabbit, **{"queue": bench.queue, "url": url} | values))) as source:
            with pytest.raises(BackendError, match=said) as caught:
                source.read()
            assert len(str(caught.value).splitlines()) == 1
            assert not {SECRET, "wrong"} & set(str(caught.value).replace(":", " ").replace("@", " ").split())


def test_an_account_without_the_tag_and_a_server_of_another_kind_are_said(
    bench: RabbitBench, rabbit: RunningRabbit
) -> None:
    rabbit.add_user("plain", "")
    for values, said in [
        ({"url": rabbit.http_url("plain")}, "Not management user: the account needs the tag `monitoring`"),
        ({"url": f"{rabbit.management_url}/elsewhere"}, "status 404 and no answer of RabbitMQ's management"),
        (
            {"url": rabbit.amqp_url("watcher").replace(str(rabbit.port), str(rabbit.management_port))},
            "no AMQP is spoken|no answer in time",
        ),
    ]:
        found = KIND.examine(settings(rabbit, bench.queue, **values))
        assert [each.ok for each in found] == [False]
        assert re.search(said, found[0].detail)


def test_a_stream_is_no_queue_of_tasks(bench: RabbitBench, rabbit: RunningRabbit) -> None:
    name = f"{bench.queue} stream"
    bench.channel.queue_declare(name, durable=True, arguments={"x-queue-type": "stream"})
    with closing(KIND.open(settings(rabbit, name))) as source, pytest.raises(BackendError, match="is a stream"):
        source.read()
    assert "is a stream" in {each.what: each for each in KIND.examine(settings(rabbit, name))}["queue"].detail


def test_disabled_statistics_leave_what_waits_and_is_held(bench: RabbitBench, rabbit: RunningRabbit) -> None:
    bench.put(4)
    bench.take(1)
    try:
        switch(rabbit, "true", "disable_management_stats", "disable_metrics_collector")
        with pytest.raises(BackendError, match=r"management\.disable_stats.*management\.enable_queue_totals = true"):
            bench.source.read()
        assert not findings(bench)["statistics"].ok
        switch(rabbit, "true", "enable_queue_totals")
        reading = when(bench, lambda seen: (seen.backlog, seen.in_flight) == (3, 1))
        assert reading.arrived_total is None
        assert "statistics are disabled" in reading.remarks[0]
    finally:
        switch(rabbit, "false", "disable_management_stats", "disable_metrics_collector", "enable_queue_totals")


def switch(rabbit: RunningRabbit, value: str, *names: str) -> None:
    """Set the management's settings while it runs; each call is a start of Erlang."""
    given = ", ".join(names)
    rabbit.control("eval", f"[application:set_env(rabbitmq_management, Name, {value}) || Name <- [{given}]].")


def test_check_says_what_is_read_and_how_old_it_is(bench: RabbitBench) -> None:
    bench.put(2)
    when(bench, lambda seen: seen.backlog == 2)
    found = findings(bench, sampled_every=5)
    assert all(each.ok for each in found.values())
    assert "as 'watcher' (monitoring)" in found["RabbitMQ"].detail
    assert "is a quorum queue: 2 wait, 0 are held" in found["queue"].detail
    assert "figures are up to 10 s old. collect_statistics_interval = 1000" in found["statistics"].detail
    assert "none now" in found["consumers"].detail
    assert "30 min" in found["consumer timeout"].detail
    by_amqp = findings(bench, url=bench.rabbit.amqp_url("watcher"))
    assert "2 wait, 0 consumers" in by_amqp["queue"].detail
    assert "the management's address" in by_amqp["by AMQP alone"].detail


def test_init_finds_the_queues_with_most_waiting_first(
    bench: RabbitBench, rabbit: RunningRabbit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("celeryev.1", "celery@me.celery.pidbox", "1.reply.celery.pidbox"):
        bench.channel.queue_declare(name, auto_delete=True)
    bench.put(70)
    when(bench, lambda seen: seen.backlog == 70)
    found = KIND.find(rabbit.management_url)
    assert found[0] == {"kind": "rabbitmq", "url": rabbit.management_url, "queue": bench.queue}
    assert not [each for each in found if "celery" in json.dumps(each)]
    assert KIND.settings.model_validate(found[0])
    amqp = rabbit.amqp_url("watcher")
    with pytest.raises(BackendError, match="by AMQP nobody can list queues: give --url the management's address"):
        KIND.find(amqp)
    monkeypatch.setattr(finding, "PORTS", {"http": rabbit.management_port, "https": free_port()})
    assert KIND.find(amqp) == found
    with pytest.raises(BackendError, match="no connection"):
        KIND.find(f"amqp://127.0.0.1:{free_port()}")


def test_a_prometheus_and_a_rabbitmq_are_not_taken_for_each_other(rabbit: RunningRabbit) -> None:
    assert prometheus.find(rabbit.management_url) == ()


def test_an_http_server_of_another_kind_has_no_queues(exporter: Any) -> None:
    assert KIND.find(f"http://127.0.0.1:{exporter.port}") == ()
