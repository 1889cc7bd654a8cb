"""The HorizontalPodAutoscaler as a policy."""

from __future__ import annotations

from agents.autoscalers.base import Instants, RulePolicy
from agents.autoscalers.hpa.resource import PodUsage
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
from autoscaling_env.config import Config
from autoscaling_env.config.autoscalers import HpaBehaviorConfig, HpaRulesConfig
from autoscaling_env.types import Info, Observation

TARGET_TYPES: dict[str, TargetType] = {
    "utilisation": "Utilization",
    "queue_per_worker": "AverageValue",
    "queue": "Value",
}


class HpaPolicy(RulePolicy):
    """A HorizontalPodAutoscaler on utilisation, like the CPU of workers that compute, or on the queue.

    ``status.replicas`` is the requested count (a Deployment counts pods that still start); for ``utilisation`` a
    busy worker uses all it requested, an idle one nothing, a starting one is not Ready.
    """

    def _start(self, info: Info) -> None:
        self._rule = HpaRule(hpa_settings(self.config))
        self._instants = sync_instants(self.config)

    def _catch_up(self, observation: Observation, info: Info) -> None:
        metric = _usage(info) if self.config.agents.hpa.metric == "utilisation" else float(info["worker_queue"])
        ready_only = self.config.agents.hpa.metric == "queue"
        status = info["workers_ready"] if ready_only else info["requested_workers"]
        for instant_s in self._instants.due(info["time_s"]):
            self.target = self._rule.sync(instant_s, self.target, status, metric)


def sync_instants(config: Config) -> Instants:
    """Return when the HPA controller decides."""
    hpa = config.agents.hpa
    return Instants(hpa.sync_period_s, hpa.sync_period_s if hpa.first_sync_s is None else hpa.first_sync_s)


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


def _usage(info: Info) -> PodUsage:
    busy, ready = info["busy_workers"], info["workers_ready"]
    return PodUsage((1000,) * busy + (0,) * (ready - busy), unready=info["workers_starting"])
