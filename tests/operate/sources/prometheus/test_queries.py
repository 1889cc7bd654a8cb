"""A real Prometheus that scrapes a real exporter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from prometheus_client import Gauge
from pydantic import ValidationError

from autoscaling_env.errors import BackendError
from operate.reading import Reading
from operate.source import Recalls
from operate.sources.prometheus.queries import KIND, Prometheus, PrometheusSettings
from operate.testing.source import RecallsContract
from tests.operate.sources.prometheis import Exporter, PrometheusBench, RunningPrometheus, Stamped
from tests.waiting import until

pytestmark = pytest.mark.live


@pytest.fixture
def bench(prometheus: RunningPrometheus, exporter: Exporter) -> Iterator[PrometheusBench]:
    bench = PrometheusBench(prometheus, exporter)
    yield bench
    bench.source.close()


class TestContract(RecallsContract):
    settles_s = 6.0

    @pytest.fixture
    def bench(self, bench: PrometheusBench) -> PrometheusBench:
        return bench


def settings(server: RunningPrometheus, **queries: str) -> PrometheusSettings:
    freshness = queries.pop("freshness", "")
    return PrometheusSettings(url=server.url, queries=queries, freshness=freshness)  # type: ignore[arg-type]


def read(server: RunningPrometheus, **queries: str) -> Reading:
    with closing(Prometheus(settings(server, **queries))) as source:
        return source.read()


def test_all_at_one_instant_and_as_old_as_the_last_scrape(bench: PrometheusBench) -> None:
    assert 0 < bench.source.read().age_s < 2


def test_a_dead_target_whose_last_sample_is_told_on_is_seen_to_grow_old(
    prometheus: RunningPrometheus, exporter: Exporter
) -> None:
    """The series has times of its own, so nobody tells that it has ended: five minutes of 5 tasks."""
    stamped = Stamped(exporter, "stamped_tasks_waiting")

    def there() -> bool:
        try:
            return read(prometheus, backlog="sum(stamped_tasks_waiting)").age_s < 2
        except BackendError:
            return False

    until(there, "never scraped")
    died_at = time.time()
    stamped.taken_at = lambda: died_at
    time.sleep(3)
    for query in (
        "stamped_tasks_waiting",
        "sum(stamped_tasks_waiting) * 1",
        "max_over_time(stamped_tasks_waiting[1m])",
    ):
        reading = read(prometheus, backlog=query)
        assert reading.backlog == 5
        assert reading.age_s == pytest.approx(time.time() - died_at, abs=1.0)


def test_a_prometheus_that_comes_back_without_the_target_is_seen_to_be_old(
    prometheus: RunningPrometheus, bench: PrometheusBench, exporter: Exporter
) -> None:
    """It was killed, so it ended no series, and the exporter died meanwhile."""
    bench.put(3)
    until(lambda: bench.source.read().backlog == 3, "3 were put")
    prometheus.kill()
    exporter.stop()
    try:
        time.sleep(1.5)
        prometheus.start()
        time.sleep(0.5)
        reading = bench.source.read()
        assert reading.backlog == 3
        assert reading.age_s > 1.5
        later = bench.source.read()
        assert later.age_s > reading.age_s
    finally:
        exporter.start()
    until(lambda: bench.source.read().age_s < 1, "fresh again")


def test_a_target_that_prometheus_saw_die_is_no_number(
    prometheus: RunningPrometheus, bench: PrometheusBench, exporter: Exporter
) -> None:
    exporter.stop()
    try:
        time.sleep(1.5)
        with pytest.raises(BackendError, match="query backlog gives no series: is its exporter up"):
            bench.source.read()
        name = bench.metrics.name
        with pytest.raises(BackendError, match="no series stands behind the queries"):
            read(prometheus, backlog=f"sum({name}_tasks_waiting) or vector(0)")
    finally:
        exporter.start()
    bench.ready()


def test_a_query_that_no_series_stands_behind_is_said(prometheus: RunningPrometheus, bench: PrometheusBench) -> None:
    reading = read(prometheus, backlog=bench.metrics.queries()["backlog"], in_flight="sum(nothing) or vector(0)")
    assert reading.in_flight == 0
    assert reading.remarks == ("no series stands behind nothing",)


def test_freshness_is_what_the_owner_says(prometheus: RunningPrometheus, bench: PrometheusBench) -> None:
    query = bench.metrics.queries()["backlog"]
    assert read(prometheus, backlog=query, freshness="time() - 77").age_s == pytest.approx(77, abs=0.1)
    with pytest.raises(BackendError, match="freshness gives no number"):
        read(prometheus, backlog=query, freshness="push_time_seconds")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("nosuch_metric", "gives no series"),
        ("up", "gives 2 series: make it one"),
        ("up{", "parse error.*query backlog"),
        ("up[1m]", "gives a matrix, not a number"),
        ('"text"', "gives a string"),
        ("sum(up) / 0", "gives inf, not a number"),
        ("sum(up) * NaN", "gives nan, not a number"),
    ],
)
def test_what_is_no_number_is_one_line(prometheus: RunningPrometheus, query: str, problem: str) -> None:
    with pytest.raises(BackendError, match=problem) as caught:
        read(prometheus, backlog=query)
    assert len(str(caught.value).splitlines()) == 1


def test_times_may_be_missing_where_there_are_no_tasks(prometheus: RunningPrometheus, bench: PrometheusBench) -> None:
    queries = bench.metrics.queries()
    reading = read(prometheus, backlog=queries["backlog"], service_s=queries["service_s"], oldest_s="nothing")
    assert reading.service_s is None
    assert reading.oldest_s == 0
    assert "query service_s gives no number now" in reading.remarks


def test_less_than_nothing_is_read_as_nothing_and_said(prometheus: RunningPrometheus, bench: PrometheusBench) -> None:
    reading = read(prometheus, backlog=f"{bench.metrics.name}_tasks_in_flight - 2")
    assert reading.backlog == 0
    assert "gives -2, less than nothing" in " ".join(reading.remarks)


def test_a_restarted_exporter_is_a_reset_and_the_past_counts_it(
    prometheus: RunningPrometheus, bench: PrometheusBench
) -> None:
    source = bench.source
    assert isinstance(source, Recalls)
    bench.put(6)
    until(lambda: source.read().arrived_total == 6, "6 came")
    time.sleep(1)
    bench.metrics.came.reset()
    bench.put(2)
    until(lambda: source.read().arrived_total == 2, "2 came after the reset")
    time.sleep(1.5)
    assert source.past(0.5, 30.0).sum() == 8


def test_a_long_past_is_asked_for_in_pieces_and_begins_where_it_is_known(bench: PrometheusBench) -> None:
    source = bench.source
    assert isinstance(source, Recalls)
    time.sleep(1.5)  # it is known from here on
    bench.put(4)
    until(lambda: source.read().arrived_total == 4, "4 came")
    time.sleep(1.5)
    past = source.past(1.0, 30_000.0)
    assert past.sum() == 4
    assert len(past) < 600


def test_the_past_needs_a_counter_of_arrivals(prometheus: RunningPrometheus) -> None:
    with (
        closing(Prometheus(settings(prometheus, backlog="sum(up)"))) as source,
        pytest.raises(BackendError, match="past"),
    ):
        source.past(1.0, 10.0)


@pytest.mark.parametrize("url", ["prometheus:9090", "http://", "ftp://h", "http://h:99999", "http://h/?a=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must"):
        PrometheusSettings(url=url, queries={"backlog": "up"})  # type: ignore[arg-type]


def test_a_query_is_needed() -> None:
    with pytest.raises(ValidationError, match="needs a query for backlog or arrived_total"):
        PrometheusSettings(url="http://h", queries={"oldest_s": "up"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1:1", "no connection: is it running"),
        ("http://nosuch.invalid:9090", "cannot be looked up|no answer"),
    ],
)
def test_a_server_that_is_not_there_is_one_line(url: str, problem: str) -> None:
    source = Prometheus(PrometheusSettings(url=url, queries={"backlog": "up"}))  # type: ignore[arg-type]
    began = time.monotonic()
    with closing(source), pytest.raises(BackendError, match=problem):
        source.read()
    assert time.monotonic() - began < 4


def test_a_wrong_path_is_said(prometheus: RunningPrometheus) -> None:
    source = Prometheus(PrometheusSettings(url=f"{prometheus.url}/prom", queries={"backlog": "up"}))  # type: ignore[arg-type]
    with closing(source), pytest.raises(BackendError, match=r"is source\.url right, its path included"):
        source.read()


def test_a_token_that_cannot_be_read_is_said(prometheus: RunningPrometheus) -> None:
    values: dict[str, Any] = {"url": prometheus.url, "queries": {"backlog": "up"}, "bearer_token_file": "nowhere"}
    with (
        closing(Prometheus(PrometheusSettings(**values))) as source,
        pytest.raises(BackendError, match="the token cannot be read"),
    ):
        source.read()


class TestExamine:
    def asked(self, bench: PrometheusBench) -> Reading:
        bench.put(1)
        bench.take(1)
        bench.finish(1)
        return bench.source.read()

    def test_all_is_well(self, prometheus: RunningPrometheus, bench: PrometheusBench) -> None:
        until(lambda: self.asked(bench).service_s is not None, "tasks were finished")
        findings = KIND.examine(settings(prometheus, **bench.metrics.queries()))
        assert [each for each in findings if not each.ok] == []
        assert len(findings) == 1 + 6 + 1

    @pytest.mark.parametrize(
        ("fact", "query", "said"),
        [
            ("backlog", "nosuch", "no series"),
            ("backlog", "up", "2 series"),
            ("backlog", "sum(up) / 0", "inf"),
            ("service_s", "vector(250000)", "no such time"),
            ("oldest_s", "sum(process_start_time_seconds)", "no such time"),
            ("completed_total", "rate(prometheus_http_requests_total[5s])", "series"),
            ("completed_total", "sum(up) / 3", "tasks are whole"),
        ],
    )
    def test_each_query_that_is_wrong_has_a_remedy(
        self, prometheus: RunningPrometheus, fact: str, query: str, said: str
    ) -> None:
        findings = KIND.examine(settings(prometheus, **({"backlog": "sum(up)"} | {fact: query})))
        (finding,) = (each for each in findings if each.what == f"query {fact}")
        assert not finding.ok
        assert said in finding.detail
        assert finding.remedy

    def test_samples_of_unknown_age_have_a_remedy(self, prometheus: RunningPrometheus) -> None:
        *_, freshness = KIND.examine(settings(prometheus, backlog="vector(3)"))
        assert not freshness.ok
        assert "source.freshness" in freshness.remedy

    def test_no_server_is_one_finding(self) -> None:
        (finding,) = KIND.examine(PrometheusSettings(url="http://127.0.0.1:1", queries={"backlog": "up"}))  # type: ignore[arg-type]
        assert not finding.ok


def test_find_lists_metrics_that_are_called_like_a_backlog(prometheus: RunningPrometheus, exporter: Exporter) -> None:
    messages = Gauge("found_queue_messages_ready", "As RabbitMQ has it.", ["queue"], registry=exporter.registry)
    messages.labels("jobs").set(3)
    messages.labels('mails "b"').set(1)

    def found() -> list[str]:
        queries = [each["queries"]["backlog"] for each in KIND.find(prometheus.url)]
        return [query for query in queries if query.startswith("found_")]

    assert until(found, "not found") == [
        'found_queue_messages_ready{queue="jobs"}',
        'found_queue_messages_ready{queue="mails \\"b\\""}',
    ]
    assert read(prometheus, backlog=found()[1]).backlog == 1


def test_a_reading_takes_milliseconds(bench: PrometheusBench) -> None:
    took = []
    for _ in range(20):
        began = time.perf_counter()
        bench.source.read()
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1
