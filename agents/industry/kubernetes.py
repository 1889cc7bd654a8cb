"""HPA and KEDA as policies."""

from __future__ import annotations

from agents.industry.base import Instants, RulePolicy, in_progress
from agents.rules.hpa import HpaRule
from agents.rules.hpa_resource import PodUsage
from agents.rules.hpa_settings import (
    DEFAULT_SCALE_DOWN,
    DEFAULT_SCALE_UP,
    Behavior,
    HpaSettings,
    ScalingPolicy,
    ScalingRules,
    TargetType,
    filled,
)
from agents.rules.keda import KedaRule, KedaSettings, is_active
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


class KedaPolicy(RulePolicy):
    """A ScaledObject: KEDA's executor between 0 (or idle) and 1, the HPA it creates above.

    Polls from the start; where a poll and a sync of the HPA fall together the poll comes first.
    """

    def _start(self, info: Info) -> None:
        self._rule = KedaRule(keda_settings(self.config))
        self._hpa = HpaRule(keda_hpa_settings(self.config))
        self._polls = Instants(self.config.agents.keda.polling_interval_s, 0.0)
        self._syncs = sync_instants(self.config)

    def _catch_up(self, observation: Observation, info: Info) -> None:
        tasks = info["worker_queue"] if self.config.agents.keda.trigger == "redis-list" else in_progress(info)
        active = is_active(tasks, self.config.agents.keda.activation)
        polls = [(instant_s, 0) for instant_s in self._polls.due(info["time_s"])]
        syncs = [(instant_s, 1) for instant_s in self._syncs.due(info["time_s"])]
        for instant_s, is_sync in sorted(polls + syncs):
            if is_sync:
                self.target = self._hpa.sync(instant_s, self.target, info["requested_workers"], float(tasks))
            else:
                self.target = self._rule.poll(instant_s, self.target, active)


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
        behavior=_behavior(hpa.behavior),
    )


def keda_hpa_settings(config: Config) -> HpaSettings:
    """Return the HPA KEDA creates: External AverageValue, at least one pod; the controller's flags are ``hpa``'s."""
    hpa, keda = config.agents.hpa, config.agents.keda
    return HpaSettings(
        target=keda.list_length,
        min_replicas=max(1, config.farm.min_workers),
        max_replicas=config.farm.max_workers,
        tolerance=hpa.tolerance,
        sync_period_s=hpa.sync_period_s,
        downscale_stabilization_s=hpa.downscale_stabilization_s,
        behavior=_behavior(keda.behavior),
    )


def keda_settings(config: Config) -> KedaSettings:
    """Return the executor's settings of ``config.agents.keda``; the minimum is the farm's."""
    keda = config.agents.keda
    return KedaSettings(
        polling_interval_s=keda.polling_interval_s,
        cooldown_period_s=keda.cooldown_period_s,
        initial_cooldown_period_s=keda.initial_cooldown_period_s,
        min_replica_count=config.farm.min_workers,
        idle_replica_count=keda.idle_replica_count,
    )


def _behavior(behavior: HpaBehaviorConfig | None) -> Behavior | None:
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
