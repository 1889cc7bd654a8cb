"""Rules from queueing theory as policies: backlog per instance, Little's law, square-root staffing."""

from __future__ import annotations

from abc import abstractmethod

from agents.autoscalers.base import Instants, RulePolicy, mean_service_s
from agents.autoscalers.queueing.backlog import BacklogRule, BacklogSettings, acceptable_backlog
from agents.autoscalers.queueing.little import little_workers, offered_load, square_root_workers
from agents.autoscalers.span import Span, waiting
from agents.autoscalers.work import ServiceEstimate
from autoscaling_env.config import Config
from autoscaling_env.observation import FIELDS
from autoscaling_env.types import Info, Observation

RATE = FIELDS.index("arrival_rate")


class BacklogPolicy(RulePolicy):
    """Target tracking on waiting tasks per ready worker; first data point one period after the start."""

    def _start(self, info: Info) -> None:
        self._rule = BacklogRule(backlog_settings(self.config))
        period_s = self.config.agents.backlog_per_instance.period_s
        self._instants = Instants(period_s, period_s)

    def _catch_up(self, observation: Observation, span: Span) -> None:
        for instant_s in self._instants.due(span.end_s):
            messages = round(span.at(instant_s, waiting))
            self.target = self._rule.datapoint(messages, span.ready_workers(instant_s), self.target)


class StaffingPolicy(RulePolicy):
    """Sizes the farm for the arrival rate of the observation window, every step; keeps it before the first one.

    The service time is the configured one; where that is null it is estimated, starting from the workload's.
    """

    def _start(self, info: Info) -> None:
        self._given_s = self.config.agents.staffing.service_s
        self._estimate = ServiceEstimate(mean_service_s(self.config, self._given_s))

    def _catch_up(self, observation: Observation, span: Span) -> None:
        estimate_s = self._estimate.update(span)
        if span.end_s > 0:
            service_s = estimate_s if self._given_s is None else self._given_s
            self.target = self._workers(offered_load(float(observation[RATE]), service_s))

    @abstractmethod
    def _workers(self, load: float) -> int:
        """Return the workers for a load in erlang."""


class LittlePolicy(StaffingPolicy):
    """Little's law at a target utilisation."""

    def _workers(self, load: float) -> int:
        return little_workers(load, self.config.agents.staffing.utilisation)


class SquareRootPolicy(StaffingPolicy):
    """Square-root staffing."""

    def _workers(self, load: float) -> int:
        return square_root_workers(load, self.config.agents.staffing.beta)


def backlog_settings(config: Config) -> BacklogSettings:
    """Return the target and alarms of ``config.agents.backlog_per_instance``."""
    section = config.agents.backlog_per_instance
    service_s = mean_service_s(config, section.service_s)
    return BacklogSettings(
        acceptable_backlog(section.acceptable_latency_s, service_s),
        section.period_s,
        section.datapoints_out,
        section.datapoints_in,
        section.scale_in_share,
    )
