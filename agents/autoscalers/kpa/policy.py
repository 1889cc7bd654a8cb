"""Knative's KPA as a policy."""

from __future__ import annotations

from agents.autoscalers.base import Instants, RulePolicy, in_order
from agents.autoscalers.kpa.buckets import KpaMetrics
from agents.autoscalers.kpa.rule import KpaRule, KpaSettings
from agents.autoscalers.span import Span, in_progress, waiting
from autoscaling_env.config import Config
from autoscaling_env.types import Info, Observation

#: Seconds between scrapes (knative/serving pkg/autoscaler/metrics/collector.go, ``scrapeTickInterval``).
SCRAPE_S = 1.0
#: Seconds a pod's own report averages over (cmd/queue and pkg/queue/sharedmain, ``reportingPeriod``).
REPORT_S = 1.0


class KpaPolicy(RulePolicy):
    """The KPA on concurrency: tasks waiting or worked on, as if every task waited inside the request path.

    Every second it scrapes what the pods reported last, the mean concurrency of a second; it ticks as configured. At
    one instant the scrape comes first. The reconciler's bounds are the farm's.
    """

    def _start(self, info: Info) -> None:
        kpa = self.config.agents.kpa
        self._rule = KpaRule(kpa_settings(self.config), info["workers_ready"], info["time_s"])
        self._metrics = KpaMetrics(kpa.stable_window_s, kpa.panic_window_s, kpa.aggregation)
        self._scrapes = Instants(SCRAPE_S, SCRAPE_S)
        self._ticks = Instants(kpa.tick_s, kpa.tick_s)

    def _catch_up(self, observation: Observation, span: Span) -> None:
        for instant_s, is_tick in in_order(self._scrapes.due(span.end_s), self._ticks.due(span.end_s)):
            if is_tick:
                self._tick(instant_s, span)
            else:
                # On a straight line the mean of a second is the value at its middle.
                self._metrics.record(instant_s, span.at(instant_s - REPORT_S / 2, concurrency))

    def _tick(self, time_s: float, span: Span) -> None:
        decision = self._rule.tick(time_s, span.ready_workers(time_s), self._metrics.averages(time_s))
        if decision is not None:
            self.target = min(max(decision.desired, span.now["min_workers"]), span.now["max_workers"])


def concurrency(info: Info) -> float:
    """Return the tasks waiting and those worked on."""
    return float(waiting(info) + in_progress(info))


def kpa_settings(config: Config) -> KpaSettings:
    """Return the DeciderSpec of ``config.agents.kpa``; burst capacity concerns no decision and is left at 0."""
    kpa = config.agents.kpa
    return KpaSettings(
        target_value=max(0.01, kpa.container_concurrency * kpa.target_utilisation),
        total_value=kpa.container_concurrency,
        target_burst_capacity=0,
        panic_threshold=kpa.panic_threshold,
        max_scale_up_rate=kpa.max_scale_up_rate,
        max_scale_down_rate=kpa.max_scale_down_rate,
        stable_window_s=kpa.stable_window_s,
        scale_down_delay_s=kpa.scale_down_delay_s,
        activation_scale=kpa.activation_scale,
        tick_s=kpa.tick_s,
    )
