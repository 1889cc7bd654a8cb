"""The autoscalers people run, as policies: each rule acts at its own period on what the environment shows."""

from __future__ import annotations

from collections.abc import Callable

from agents.autoscalers.hpa.policy import HpaPolicy
from agents.autoscalers.keda.policy import KedaPolicy
from agents.autoscalers.kpa.policy import KpaPolicy
from agents.autoscalers.openfaas.policy import OpenFaasCePolicy
from agents.autoscalers.queueing.policy import BacklogPolicy, LittlePolicy, SquareRootPolicy
from autoscaling_env.config import Config
from autoscaling_env.policy import Policy

#: Name -> factory of every industry autoscaler.
INDUSTRY: dict[str, Callable[[Config], Policy]] = {
    "hpa": HpaPolicy,
    "keda": KedaPolicy,
    "kpa": KpaPolicy,
    "openfaas-ce": OpenFaasCePolicy,
    "backlog": BacklogPolicy,
    "little": LittlePolicy,
    "sqrt-staffing": SquareRootPolicy,
}

__all__ = ["INDUSTRY"]
