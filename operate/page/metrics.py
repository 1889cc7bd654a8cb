"""The controller's metrics, for Prometheus: names and units by its conventions, in a registry of their own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from operate.page.catalogue import CATALOGUE, PREFIX, Side
from operate.page.facts import Facts
from operate.page.gauges import Gauges
from operate.record import Record

#: Seconds: a tick is to take under 30 ms, a policy under two seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """Counts what records tell.

    Args:
        facts: of the controller.
        registry: where the metrics are registered; None: one of their own.
    """

    def __init__(self, facts: Facts, registry: CollectorRegistry | None = None) -> None:
        # When a counter was made is told by the process's start; a series more for each is not worth it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry if registry is not None else CollectorRegistry()
        self._gauges = Gauges(facts)
        self.registry.register(self._gauges)
        ProcessCollector(registry=self.registry)
        self._counters = {
            metric.name: Counter(PREFIX + metric.name, metric.meaning, metric.labels, registry=self.registry)
            for metric in CATALOGUE
            if metric.kind == "counter"
        }
        self._histograms = {
            metric.name: Histogram(PREFIX + metric.name, metric.meaning, buckets=BUCKETS, registry=self.registry)
            for metric in CATALOGUE
            if metric.kind == "histogram"
        }
        for side in Side:
            self._counters["errors_total"].labels(side.value)  # from the start: a rate needs a zero to rise from
        self._hours: float | None = None

    def failed(self, side: Side) -> None:
        """Count an error."""
        self._counters["errors_total"].labels(side.value).inc()

    def told(self, record: Record) -> None:
        """Take in a tick."""
        self._gauges.last = record
        self._ticks(record)
        self._decision(record)
        for name in ("arrived", "completed", "missed"):
            self._add(f"tasks_{name}_total", record.seen.get(name))
        self._add("worker_seconds_total", 3600.0 * self._hours_since(record.hours_today))

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all of them and the content type, in the format that the scraper accepts."""
        encode, kind = choose_encoder(accept)
        return encode(self.registry), kind

    def _ticks(self, record: Record) -> None:
        self._counters["ticks_total"].inc()
        self._add("ticks_skipped_total", record.skipped)
        self._histograms["tick_duration_seconds"].observe(record.tick_ms / 1000.0)
        if record.proposed is not None or record.policy_ms > 0:
            self._histograms["policy_duration_seconds"].observe(record.policy_ms / 1000.0)

    def _decision(self, record: Record) -> None:
        if record.decided_by:
            self._counters["decisions_total"].labels(record.decided_by).inc()
        for bend in record.bends:
            self._counters["guardrail_bends_total"].labels(bend.guardrail).inc()
        if record.written is not None:
            self._counters["writes_total"].labels(record.outcome.partition(" ")[0]).inc()
        if record.changed_by:
            self._counters["foreign_changes_total"].inc()

    def _add(self, name: str, amount: float | None) -> None:
        if amount is not None and amount > 0:  # an estimate below zero is no task taken back, and NaN none at all
            self._counters[name].inc(amount)

    def _hours_since(self, today: float) -> float:
        """Worker-hours since the last record; a fall is a new day, of which all counts."""
        before, self._hours = self._hours, today
        if before is None:
            return 0.0
        return today - before if today >= before else today
