"""From a metric to the number of pods an HPA proposes, before windows, rates and bounds.

Source: kubernetes v1.34, pkg/controller/podautoscaler/replica_calculator.go, ``GetExternalPerPodMetricReplicas``,
``GetExternalMetricReplicas``, ``getUsageRatioReplicaCount`` and ``Tolerances.isWithin``.
"""

from __future__ import annotations

from agents.autoscalers.go_numbers import INT32_MAX, INT64_MAX, ceil, divide, int32, milli
from agents.autoscalers.hpa.settings import HpaSettings


def proposal(settings: HpaSettings, metric: float, spec_replicas: int, status_replicas: int) -> int:
    """Return the proposed pods, >= 0, for a metric of at most three decimals.

    Args:
        settings: target, its type and the tolerance are read.
        metric: the External metric's value.
        spec_replicas: pods asked for.
        status_replicas: pods the scale subresource counts; for ``Value`` targets, Ready pods.
    """
    usage, target = float(milli(metric)), float(milli(settings.target))
    if settings.target_type == "AverageValue":
        # The original takes a negative sum for an int64 that overflowed.
        pods = _per_pod(usage if usage >= 0 else float(INT64_MAX), target, status_replicas, settings.tolerance)
    else:
        pods = _in_all(usage, target, spec_replicas, status_replicas, settings.tolerance)
    return max(0, pods)


def _per_pod(usage: float, target: float, status_replicas: int, tolerance: float) -> int:
    if _is_within(divide(usage, target * status_replicas), tolerance):
        return status_replicas
    pods = ceil(divide(usage, target))
    return INT32_MAX if pods > INT32_MAX else int32(pods)


def _in_all(usage: float, target: float, spec_replicas: int, ready_pods: int, tolerance: float) -> int:
    ratio = divide(usage, target)
    if spec_replicas == 0:
        return int32(ceil(ratio))
    if _is_within(ratio, tolerance):
        return spec_replicas
    return int32(ceil(ratio * ready_pods))


def _is_within(ratio: float, tolerance: float) -> bool:
    return 1.0 - tolerance <= ratio <= 1.0 + tolerance
