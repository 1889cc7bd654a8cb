"""What is true now, read off the last record. What nobody knows has no sample, rather than a wrong number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from autoscaling_env import __version__
from operate.page.catalogue import CATALOGUE, PREFIX
from operate.page.facts import Facts
from operate.record import Record

#: Values by the labels' values.
Samples = Mapping[tuple[str, ...], float | None]


class Gauges(Collector):
    """The gauges of the catalogue, asked at every scrape; ``last`` is exchanged whole, so no scrape sees two ticks."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.last: Record | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return each gauge with what the last record says of it."""
        last = self.last
        for metric in CATALOGUE:
            if metric.kind == "gauge":
                family = GaugeMetricFamily(PREFIX + metric.name, metric.meaning, labels=metric.labels)
                for labels, value in self._samples(metric.name, last).items():
                    if value is not None:
                        family.add_metric(labels, float(value))
                yield family

    def _samples(self, name: str, last: Record | None) -> Samples:
        if name == "info":
            return _info(self._facts, last)
        if name in OF_FACTS:
            return OF_FACTS[name](self._facts)
        return {} if last is None else OF_RECORD[name](last)


def _info(facts: Facts, last: Record | None) -> Samples:
    operator = last.operator if last is not None else ""
    policy = (last.policy if last is not None else "") or facts.policy
    return {(facts.mode, operator, policy, __version__): 1.0}


def _one(value: float | None) -> Samples:
    return {(): value}


def _workers(last: Record) -> Samples:
    return {(state,): getattr(last, state) for state in ("requested", "applied", "ready", "draining")}


def _forecast(last: Record) -> Samples:
    return {(level,): steps[0] for level, steps in (last.forecast or {}).items() if steps}


def _left(last: Record) -> Samples:
    return _one(None if last.burn is None else 1.0 - last.burn)


OF_FACTS: Mapping[str, Callable[[Facts], Samples]] = {
    "limit_workers": lambda facts: {("min",): facts.bounds.min, ("max",): facts.bounds.max},
    "slo_objective_ratio": lambda facts: _one(facts.objective.share),
    "step_seconds": lambda facts: _one(facts.interval_s),
}

OF_RECORD: Mapping[str, Callable[[Record], Samples]] = {
    "leader": lambda last: _one(last.term is not None),
    "acting": lambda last: _one(last.acting),
    "last_tick_timestamp_seconds": lambda last: _one(datetime.fromisoformat(last.at).timestamp()),
    "backlog_tasks": lambda last: _one(last.seen.get("backlog")),
    "in_flight_tasks": lambda last: _one(last.seen.get("in_flight")),
    "oldest_task_age_seconds": lambda last: _one(last.seen.get("oldest_s")),
    "service_time_seconds": lambda last: _one(last.seen.get("service_s")),
    "reading_age_seconds": lambda last: _one(last.age_s),
    "reading_stale": lambda last: _one(bool(last.stale)),
    "workers": _workers,
    "wanted_workers": lambda last: _one(last.wanted),
    "proposed_workers": lambda last: _one(last.proposed),
    "forecast_tasks": _forecast,
    "slo_met_ratio": lambda last: _one(last.share_met),
    "slo_burn_rate": lambda last: _one(last.burn),
    "slo_error_budget_ratio": _left,
    "worker_seconds_today": lambda last: _one(3600.0 * last.hours_today),
}
