"""The HorizontalPodAutoscaler as a policy."""

from __future__ import annotations

from agents.autoscalers.base import Instants, RulePolicy, in_order, mean_service_s
from agents.autoscalers.hpa.metrics_server import MetricsServer, Periods
from agents.autoscalers.hpa.rule import HpaRule
from agents.autoscalers.hpa.settings import (
    DEFAULT_SCALE_DOWN,
    DEFAULT_SCALE_UP,
    Behavior,
    HpaSettings,
    ScalingPolicy,
    ScalingRules,
    TargetType,
    filled,
)
from agents.autoscalers.prometheus import ScrapedGauge
from agents.autoscalers.span import Span, waiting
from autoscaling_env.config import Config
from autoscaling_env.config.autoscalers import HpaBehaviorConfig, HpaRulesConfig
from autoscaling_env.errors import InputError
from autoscaling_env.types import Info, Observation

#: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation
SWITCHED_OFF = (
    "hpa: farm.initial_workers is 0, and a HorizontalPodAutoscaler is switched off while there are no replicas: "
    "set farm.initial_workers to 1 or more, or compare keda, which scales from zero"
)
TARGET_TYPES: dict[str, TargetType] = {
    "utilisation": "Utilization",
    "queue_per_worker": "AverageValue",
    "queue": "Value",
}


class HpaPolicy(RulePolicy):
    """A HorizontalPodAutoscaler on utilisation, like the CPU of workers that compute, or on the queue.

    ``status.replicas`` is the requested count (a Deployment counts pods that still start). Metrics are scraped half a
    sync period before a sync, the mean of what happens in a cluster, where nothing keeps the two in step.

    Raises:
        InputError: the farm starts without workers: such an HPA never makes one.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        if config.farm.initial_workers == 0:
            raise InputError(SWITCHED_OFF)

    def _start(self, info: Info) -> None:
        hpa = self.config.agents.hpa
        self._rule = HpaRule(hpa_settings(self.config))
        self._syncs = sync_instants(self.config)
        self._pipeline: MetricsServer | ScrapedGauge
        if hpa.metric == "utilisation":
            periods, interval_s = Periods(hpa.housekeeping_interval_s, hpa.metric_resolution_s), hpa.metric_resolution_s
            self._pipeline = MetricsServer(periods, info, mean_service_s(self.config, None))
        else:
            self._pipeline, interval_s = ScrapedGauge(waiting, info), hpa.scrape_interval_s
        self._scrapes = Instants(interval_s, (first_sync_s(self.config) - hpa.sync_period_s / 2) % interval_s)

    def _catch_up(self, observation: Observation, span: Span) -> None:
        self._pipeline.advance(span)
        for instant_s, is_sync in in_order(self._scrapes.due(span.end_s), self._syncs.due(span.end_s)):
            if is_sync:
                self._sync(instant_s, span)
            else:
                self._pipeline.scrape(instant_s)

    def _sync(self, time_s: float, span: Span) -> None:
        in_all = self.config.agents.hpa.metric == "queue"
        status = span.ready_workers(time_s) if in_all else int(span.now["requested_workers"])
        self.target = self._rule.sync(time_s, self.target, status, self._pipeline.metric(time_s))


def sync_instants(config: Config) -> Instants:
    """Return when the HPA controller decides."""
    return Instants(config.agents.hpa.sync_period_s, first_sync_s(config))


def first_sync_s(config: Config) -> float:
    """Return when it decides first."""
    hpa = config.agents.hpa
    return hpa.sync_period_s if hpa.first_sync_s is None else hpa.first_sync_s


def hpa_settings(config: Config) -> HpaSettings:
    """Return the HPA of ``config.agents.hpa`` within the farm's bounds."""
    hpa = config.agents.hpa
    return HpaSettings(
        target=hpa.target,
        target_type=TARGET_TYPES[hpa.metric],
        min_replicas=max(1, config.farm.min_workers),
        max_replicas=config.farm.max_workers,
        tolerance=hpa.tolerance,
        sync_period_s=hpa.sync_period_s,
        downscale_stabilization_s=hpa.downscale_stabilization_s,
        behavior=behavior_of(hpa.behavior),
    )


def behavior_of(behavior: HpaBehaviorConfig | None) -> Behavior | None:
    """Return a configured ``behavior`` with Kubernetes' defaults filled in; None: the defaults apply as a whole."""
    if behavior is None:
        return None
    return Behavior(_rules(behavior.scale_up, DEFAULT_SCALE_UP), _rules(behavior.scale_down, DEFAULT_SCALE_DOWN))


def _rules(rules: HpaRulesConfig, default: ScalingRules) -> ScalingRules:
    policies = None
    if rules.policies is not None:
        policies = tuple(ScalingPolicy(limit.type, limit.value, limit.period_s) for limit in rules.policies)
    return filled(default, rules.stabilization_window_s, rules.select_policy, policies)
