"""Knative's KPA as a policy."""

from __future__ import annotations

from agents.autoscalers.base import Instants, RulePolicy, in_progress
from agents.autoscalers.kpa.buckets import KpaMetrics
from agents.autoscalers.kpa.rule import KpaRule, KpaSettings
from autoscaling_env.config import Config
from autoscaling_env.types import Info, Observation

#: Seconds between scrapes (``scrapeTickInterval`` of the metric collector).
SCRAPE_S = 1.0


class KpaPolicy(RulePolicy):
    """The KPA on concurrency: tasks waiting or worked on, as if every task waited inside the request path.

    Scrapes every second and ticks as configured; the samples of a step all read the farm at its end. The
    reconciler's bounds are the farm's.
    """

    def _start(self, info: Info) -> None:
        kpa = self.config.agents.kpa
        self._rule = KpaRule(kpa_settings(self.config), info["workers_ready"], info["time_s"])
        self._metrics = KpaMetrics(kpa.stable_window_s, kpa.panic_window_s, kpa.aggregation)
        self._scrapes = Instants(SCRAPE_S, SCRAPE_S)
        self._ticks = Instants(kpa.tick_s, kpa.tick_s)

    def _catch_up(self, observation: Observation, info: Info) -> None:
        concurrency = float(info["worker_queue"] + in_progress(info))
        scrapes = [(instant_s, 0) for instant_s in self._scrapes.due(info["time_s"])]
        ticks = [(instant_s, 1) for instant_s in self._ticks.due(info["time_s"])]
        for instant_s, is_tick in sorted(scrapes + ticks):
            if is_tick:
                self._tick(instant_s, info)
            else:
                self._metrics.record(instant_s, concurrency)

    def _tick(self, time_s: float, info: Info) -> None:
        decision = self._rule.tick(time_s, info["workers_ready"], self._metrics.averages(time_s))
        if decision is not None:
            self.target = min(max(decision.desired, info["min_workers"]), info["max_workers"])


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
