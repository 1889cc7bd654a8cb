"""From the pods' own utilisation to the number of pods an HPA proposes: the not-ready and missing rules.

Source: kubernetes v1.34, pkg/controller/podautoscaler/replica_calculator.go, ``GetResourceReplicas``, and
metrics/utilization.go, ``GetResourceUtilizationRatio``. All pods request the same amount here.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.autoscalers.go_numbers import ceil, int32


@dataclass(frozen=True, slots=True)
class PodUsage:
    """What the pods use of their request.

    Attributes:
        ready_milli: thousandths of the request each Ready pod with a metric uses.
        unready: pods that are not Ready yet; their own metrics are not believed.
        missing: Ready pods without a metric.
    """

    ready_milli: tuple[int, ...]
    unready: int = 0
    missing: int = 0


def resource_proposal(usage: PodUsage, replicas: int, target_percent: int, tolerance: float) -> int | None:
    """Return the proposed pods, >= 0, for a target utilisation in per cent; None: no metrics, do nothing."""
    if not usage.ready_milli:
        return None
    total, pods = sum(usage.ready_milli), len(usage.ready_milli)
    ratio = _ratio(total, pods, target_percent)
    up_with_unready = usage.unready > 0 and ratio > 1.0
    if not up_with_unready and usage.missing == 0:
        return replicas if _is_within(ratio, tolerance) else int32(ceil(ratio * pods))
    if ratio < 1.0:  # scaling down, a missing pod counts as using all it asked for (or the target, if higher)
        total += usage.missing * 10 * max(100, target_percent)
    pods += usage.missing if ratio != 1.0 else 0
    pods += usage.unready if up_with_unready else 0  # scaling up, an unready pod counts as using nothing
    return _rebalanced(ratio, _ratio(total, pods, target_percent), pods, replicas, tolerance)


def _rebalanced(ratio: float, new_ratio: float, pods: int, replicas: int, tolerance: float) -> int:
    """Scale by the ratio over all pods, unless that is too little or turns the direction around."""
    turned = (ratio < 1.0 < new_ratio) or (new_ratio < 1.0 < ratio)
    if turned or _is_within(new_ratio, tolerance):
        return replicas
    proposed = int32(ceil(new_ratio * pods))
    if (new_ratio < 1.0 and proposed > replicas) or (new_ratio > 1.0 and proposed < replicas):
        return replicas
    return proposed


def _ratio(total_milli: int, pods: int, target_percent: int) -> float:
    """Whole per cent, cut off as in the original, over the target."""
    return (total_milli * 100 // (1000 * pods)) / target_percent


def _is_within(ratio: float, tolerance: float) -> bool:
    return 1.0 - tolerance <= ratio <= 1.0 + tolerance
