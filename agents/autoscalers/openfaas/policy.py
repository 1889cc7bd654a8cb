"""The OpenFaaS Community Edition's alert as a policy."""

from __future__ import annotations

from agents.autoscalers.base import Instants, RulePolicy
from agents.autoscalers.openfaas.rule import OpenFaasCeRule, OpenFaasCeSettings
from agents.autoscalers.span import Span, finished, in_progress, waiting
from autoscaling_env.config import Config
from autoscaling_env.types import Info, Observation

#: Seconds between looks at what is due: every interval of the chart, and half of each, is a multiple of it.
RESOLUTION_S = 0.5


class OpenFaasCePolicy(RulePolicy):
    """A finished task counts as an invocation answered with 200; within a step they finish evenly.

    Where there is no replica the gateway makes one as soon as a task asks for it. The Community Edition itself stops at
    5 replicas (``scale_max: 5``); left at null the rule is judged, not the licence.
    """

    def _start(self, info: Info) -> None:
        self._rule = OpenFaasCeRule(openfaas_ce_settings(self.config))
        self._instants = Instants(RESOLUTION_S, 0.0)

    def _catch_up(self, observation: Observation, span: Span) -> None:
        for instant_s in self._instants.due(span.end_s):
            if self.target == 0 and span.at(instant_s, _asked_for) > 0:
                self.target = self._rule.from_zero()
            self.target = self._rule.tick(instant_s, span.at(instant_s, finished), self.target)


def _asked_for(info: Info) -> float:
    return float(waiting(info) + in_progress(info))


def openfaas_ce_settings(config: Config) -> OpenFaasCeSettings:
    """Return the alert of ``config.agents.openfaas_ce`` within the farm's bounds."""
    section = config.agents.openfaas_ce
    maximum = section.scale_max or config.farm.max_workers
    return OpenFaasCeSettings(
        **section.model_dump(exclude={"scale_max"}),
        first_scrape_s=section.scrape_interval_s / 2,
        scale_min=max(1, config.farm.min_workers),
        scale_max=min(maximum, config.farm.max_workers),
    )
