"""Settings of a HorizontalPodAutoscaler and its controller, and the API server's defaults for ``spec.behavior``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TargetType = Literal["AverageValue", "Value", "Utilization"]
SelectPolicy = Literal["Max", "Min", "Disabled"]


@dataclass(frozen=True, slots=True)
class ScalingPolicy:
    """At most ``value`` pods, or per cent of the pods at its start, within any ``period_s`` seconds."""

    type: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True, slots=True)
class ScalingRules:
    """One direction of ``spec.behavior``.

    Attributes:
        stabilization_window_s: seconds of past recommendations that are heeded. None, for scaling down only:
            the controller's own ``downscale_stabilization_s``.
        select_policy: which policy's limit counts: the one that allows most (Max), least (Min), or no
            scaling at all (Disabled).
        policies: the limits, at least one.
    """

    stabilization_window_s: float | None
    select_policy: SelectPolicy
    policies: tuple[ScalingPolicy, ...]

    @property
    def longest_period_s(self) -> float:
        """Seconds after which an event of this direction may be forgotten."""
        return max((policy.period_s for policy in self.policies), default=0.0)


#: What ``SetDefaults_HorizontalPodAutoscaler`` (pkg/apis/autoscaling/v2/defaults.go) fills in.
DEFAULT_SCALE_UP = ScalingRules(0, "Max", (ScalingPolicy("Pods", 4, 15), ScalingPolicy("Percent", 100, 15)))
DEFAULT_SCALE_DOWN = ScalingRules(None, "Max", (ScalingPolicy("Percent", 100, 15),))


def filled(
    default: ScalingRules,
    stabilization_window_s: float | None,
    select_policy: SelectPolicy | None,
    policies: tuple[ScalingPolicy, ...] | None,
) -> ScalingRules:
    """Return the rules with what was left out (None) taken from ``default``, as the API server does it."""
    return ScalingRules(
        default.stabilization_window_s if stabilization_window_s is None else stabilization_window_s,
        default.select_policy if select_policy is None else select_policy,
        default.policies if policies is None else policies,
    )


@dataclass(frozen=True, slots=True)
class Behavior:
    """``spec.behavior`` after defaulting. An HPA without behavior (None) obeys other, older rules."""

    scale_up: ScalingRules = DEFAULT_SCALE_UP
    scale_down: ScalingRules = DEFAULT_SCALE_DOWN


@dataclass(frozen=True, slots=True)
class HpaSettings:
    """One HPA with one External or Resource metric, and the controller's flags.

    Attributes:
        target: metric per pod (``AverageValue``, what KEDA creates) or in all (``Value``), > 0; or whole per
            cent of what a pod requests (``Utilization``).
        target_type: which of the three.
        min_replicas: 0 needs the feature gate HPAScaleToZero.
        max_replicas: upper bound.
        tolerance: share by which the metric may miss the target without a change.
        sync_period_s: seconds between decisions.
        downscale_stabilization_s: seconds for which the highest recommendation is kept.
        behavior: rates and windows; None: the rules from before ``spec.behavior`` existed.
    """

    target: float
    target_type: TargetType = "AverageValue"
    min_replicas: int = 1
    max_replicas: int = 100
    tolerance: float = 0.1
    sync_period_s: float = 15.0
    downscale_stabilization_s: float = 300.0
    behavior: Behavior | None = None
