"""Kubernetes' HorizontalPodAutoscaler with one External or Resource metric: the decision of one sync.

Source: kubernetes v1.34, pkg/controller/podautoscaler/horizontal.go, ``reconcileAutoscaler`` and what it calls; the
user's view is https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details.
Reproduces the decisions of the original code, recorded in ``tests/data/golden``, one by one.
"""

from __future__ import annotations

import math

from agents.autoscalers.go_numbers import nanoseconds
from agents.autoscalers.hpa.behavior import Recommendations, ScaleHistory
from agents.autoscalers.hpa.metric import proposal
from agents.autoscalers.hpa.resource import PodUsage, resource_proposal
from agents.autoscalers.hpa.settings import HpaSettings

#: ``scaleUpLimitFactor`` and ``scaleUpLimitMinimum``: the rate of an HPA without behavior, each sync.
UP_FACTOR, UP_MINIMUM = 2, 4


class HpaRule:
    """State of one HPA. Call :meth:`sync` once per sync period, with times that do not go back."""

    def __init__(self, settings: HpaSettings) -> None:
        self.settings = settings
        self._up_window_ns, self._down_window_ns = _windows_ns(settings)
        self._recommendations = Recommendations(max(self._up_window_ns, self._down_window_ns))
        behavior = settings.behavior
        self._history = ScaleHistory(behavior.scale_up, behavior.scale_down) if behavior else None

    def reads_metric(self, spec_replicas: int) -> bool:
        """Tell whether a sync asks for the metric: not while disabled (0 pods) or out of bounds."""
        settings = self.settings
        disabled = spec_replicas == 0 and settings.min_replicas != 0
        return not disabled and settings.min_replicas <= spec_replicas <= settings.max_replicas

    def sync(self, time_s: float, spec_replicas: int, status_replicas: int, metric: float | PodUsage | None) -> int:
        """Return the number of pods to ask for.

        Args:
            time_s: now, seconds.
            spec_replicas: pods asked for, as read at the start of the sync.
            status_replicas: pods that the scale subresource counts (for ``Value`` targets: Ready pods).
            metric: the metric's value, for ``Utilization`` targets what each pod uses; None if it cannot be
                read, which changes nothing.
        """
        now_ns = nanoseconds(time_s)
        self._recommendations.record_initial(now_ns, spec_replicas)
        replicas = self._decide(now_ns, spec_replicas, status_replicas, metric)
        if self._history is not None and replicas != spec_replicas:
            self._history.store(now_ns, spec_replicas, replicas)
        return replicas

    def _decide(self, now_ns: int, spec_replicas: int, status_replicas: int, metric: float | PodUsage | None) -> int:
        settings = self.settings
        if spec_replicas == 0 and settings.min_replicas != 0:
            return 0
        if not self.reads_metric(spec_replicas):
            return settings.max_replicas if spec_replicas > settings.max_replicas else settings.min_replicas
        proposed = self._proposal(metric, spec_replicas, status_replicas)
        if proposed is None:
            return spec_replicas
        if self._history is None:
            return self._without_behavior(now_ns, spec_replicas, proposed)
        return self._with_behavior(now_ns, spec_replicas, proposed, self._history)

    def _proposal(self, metric: float | PodUsage | None, spec_replicas: int, status_replicas: int) -> int | None:
        if metric is None:
            return None
        if isinstance(metric, PodUsage):
            return resource_proposal(metric, spec_replicas, int(self.settings.target), self.settings.tolerance)
        return proposal(self.settings, metric, spec_replicas, status_replicas)

    def _without_behavior(self, now_ns: int, spec_replicas: int, proposed: int) -> int:
        """``normalizeDesiredReplicas``: the window's edge is inclusive, the rate counts each sync."""
        stabilized = max([proposed, *self._recommendations.since(now_ns - self._down_window_ns)])
        self._recommendations.record(now_ns, proposed)
        ceiling = min(self.settings.max_replicas, max(UP_FACTOR * spec_replicas, UP_MINIMUM))
        return max(self.settings.min_replicas, min(stabilized, ceiling))

    def _with_behavior(self, now_ns: int, spec_replicas: int, proposed: int, history: ScaleHistory) -> int:
        """``normalizeDesiredReplicasWithBehaviors``: window edges are exclusive, rates count events."""
        up = min([proposed, *self._recommendations.after(now_ns - self._up_window_ns)])
        down = max([proposed, *self._recommendations.after(now_ns - self._down_window_ns)])
        self._recommendations.record(now_ns, proposed)
        wanted = min(max(spec_replicas, up), down)
        if wanted > spec_replicas:
            return min(wanted, self.settings.max_replicas, history.up_limit(now_ns, spec_replicas))
        if wanted < spec_replicas:
            return max(wanted, self.settings.min_replicas, history.down_limit(now_ns, spec_replicas))
        return wanted


def _windows_ns(settings: HpaSettings) -> tuple[int, int]:
    """Return (up, down); a scale-down window left out is the controller's, cut off to whole seconds."""
    up_s, down_s = 0.0, settings.downscale_stabilization_s
    if settings.behavior is not None:
        up_s = settings.behavior.scale_up.stabilization_window_s or 0.0
        written_s = settings.behavior.scale_down.stabilization_window_s
        down_s = math.floor(down_s) if written_s is None else written_s
    return nanoseconds(up_s), nanoseconds(down_s)
