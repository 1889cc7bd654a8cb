"""The OpenFaaS Community Edition's alert as a policy."""

from __future__ import annotations

from agents.autoscalers.base import Instants, RulePolicy
from agents.autoscalers.openfaas.rule import OpenFaasCeRule, OpenFaasCeSettings
from autoscaling_env.config import Config
from autoscaling_env.types import Info, Observation

#: Seconds between looks at what is due: every interval of the chart is a multiple of it.
RESOLUTION_S = 1.0


class OpenFaasCePolicy(RulePolicy):
    """A finished task counts as an invocation answered with 200; within a step they finish evenly.

    The Community Edition itself stops at 5 replicas (``scale_max: 5``); left at null the rule is judged, not
    the licence.
    """

    def _start(self, info: Info) -> None:
        self._rule = OpenFaasCeRule(openfaas_ce_settings(self.config))
        self._instants = Instants(RESOLUTION_S, 0.0)
        self._before = (info["time_s"], _finished(info))

    def _catch_up(self, observation: Observation, info: Info) -> None:
        (then_s, then), now_s, now = self._before, info["time_s"], _finished(info)
        rate = (now - then) / (now_s - then_s) if now_s > then_s else 0.0
        self._before = (now_s, now)
        for instant_s in self._instants.due(now_s):
            completed = then + rate * (instant_s - then_s)
            self.target = self._rule.tick(instant_s, completed, self.target)


def openfaas_ce_settings(config: Config) -> OpenFaasCeSettings:
    """Return the alert of ``config.agents.openfaas_ce`` within the farm's bounds."""
    section = config.agents.openfaas_ce
    maximum = section.scale_max or config.farm.max_workers
    return OpenFaasCeSettings(
        **section.model_dump(exclude={"scale_max"}),
        scale_min=max(1, config.farm.min_workers),
        scale_max=min(maximum, config.farm.max_workers),
    )


def _finished(info: Info) -> float:
    return float(info["result_queue"] + info["output_queue"])
