"""KEDA as a policy: its executor, and the HPA it creates."""

from __future__ import annotations

from agents.autoscalers.base import Instants, RulePolicy, in_order
from agents.autoscalers.hpa.policy import behavior_of, sync_instants
from agents.autoscalers.hpa.rule import HpaRule
from agents.autoscalers.hpa.settings import HpaSettings
from agents.autoscalers.keda.rule import KedaRule, KedaSettings, is_active
from agents.autoscalers.span import Fact, Span, in_progress, waiting
from autoscaling_env.config import Config
from autoscaling_env.types import Info, Observation

#: What a trigger counts.
COUNTED: dict[str, Fact] = {"redis-list": waiting, "redis-streams": in_progress}


class KedaPolicy(RulePolicy):
    """A ScaledObject: KEDA's executor between 0 (or idle) and 1, the HPA it creates above.

    Polls from the start; where a poll and a sync of the HPA fall together the poll comes first. A sync asks KEDA's
    metrics server, which asks Redis at that instant; with ``use_cached_metrics`` it is told what the last poll read.
    """

    def _start(self, info: Info) -> None:
        self._rule = KedaRule(keda_settings(self.config))
        self._hpa = HpaRule(keda_hpa_settings(self.config))
        self._polls = Instants(self.config.agents.keda.polling_interval_s, 0.0)
        self._syncs = sync_instants(self.config)
        self._polled = 0

    def _catch_up(self, observation: Observation, span: Span) -> None:
        for instant_s, is_sync in in_order(self._polls.due(span.end_s), self._syncs.due(span.end_s)):
            tasks = round(span.at(instant_s, COUNTED[self.config.agents.keda.trigger]))
            if is_sync:
                self._sync(instant_s, tasks, span)
            else:
                self._poll(instant_s, tasks)

    def _poll(self, time_s: float, tasks: int) -> None:
        self._polled = tasks
        active = is_active(tasks, self.config.agents.keda.activation)
        self.target = self._rule.poll(time_s, self.target, active)

    def _sync(self, time_s: float, tasks: int, span: Span) -> None:
        told = self._polled if self.config.agents.keda.use_cached_metrics else tasks
        self.target = self._hpa.sync(time_s, self.target, span.now["requested_workers"], float(told))


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
        behavior=behavior_of(keda.behavior),
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
