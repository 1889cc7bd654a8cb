"""KEDA's side of the external scaler: its stub, its trigger, and what it makes of a value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from agents.autoscalers.hpa.rule import HpaRule
from agents.autoscalers.hpa.settings import Behavior, HpaSettings, ScalingPolicy, ScalingRules
from operate.keda import externalscaler_pb2 as messages
from operate.keda.externalscaler_pb2_grpc import ExternalScalerStub
from operate.keda.manifests import RULES
from tests.waiting import PATIENCE_S

#: The behavior of the ScaledObject that is exported, as the HPA's rule takes it.
BEHAVIOR = Behavior(
    **{
        way: ScalingRules(
            rules["stabilizationWindowSeconds"],
            rules["selectPolicy"],
            tuple(ScalingPolicy(each["type"], each["value"], each["periodSeconds"]) for each in rules["policies"]),
        )
        for way, rules in (("scale_up", RULES["scaleUp"]), ("scale_down", RULES["scaleDown"]))
    }
)


@contextmanager
def asking(address: str, credentials: Any = None, *, name: str = "") -> Iterator[Any]:
    """Yield KEDA's stub on a channel of its own."""
    options = [("grpc.ssl_target_name_override", name)] if name else []
    if credentials is None:
        channel = grpc.insecure_channel(address, options)
    else:
        channel = grpc.secure_channel(address, credentials, options)
    with channel:
        yield ExternalScalerStub(channel)


def trigger(controller: str = "worker", **metadata: str) -> Any:
    """A ScaledObject with this trigger."""
    given = {"controller": controller, "scalerAddress": "somewhere:9091"} | metadata
    return messages.ScaledObjectRef(
        name="orders", namespace="shop", scalerMetadata={k: v for k, v in given.items() if v}
    )


def metric(stub: Any, ref: Any, name: str = "workers") -> float:
    """What KEDA reads: the float where it is above 0, else the whole number."""
    (found,) = stub.GetMetrics(
        messages.GetMetricsRequest(scaledObjectRef=ref, metricName=name), timeout=PATIENCE_S
    ).metricValues
    return found.metricValueFloat if found.metricValueFloat > 0 else float(found.metricValue)


def quantity(value: float) -> float:
    """What the HPA reads of a value: thousandths, cut off."""
    return int(value * 1000) / 1000


def hpa(least: int, most: int, tolerance: float = 0.1) -> HpaRule:
    """The HPA that KEDA makes of the exported ScaledObject."""
    return HpaRule(
        HpaSettings(1.0, min_replicas=max(1, least), max_replicas=most, tolerance=tolerance, behavior=BEHAVIOR)
    )
