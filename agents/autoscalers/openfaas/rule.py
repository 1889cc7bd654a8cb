"""OpenFaaS Community Edition: a Prometheus alert on the invocation rate adds replicas, its end takes them away.

Sources: openfaas/faas, gateway/handlers/alerthandler.go, ``CalculateReplicas``, and gateway/scaling/function_scaler.go,
``Scale`` (from zero); the alert APIHighInvocationRate and the intervals in openfaas/faas-netes,
chart/openfaas/templates/prometheus-cfg.yaml and alertmanager-cfg.yaml; states of an alert:
https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/; notification times:
https://prometheus.io/docs/alerting/latest/configuration/#route.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from agents.autoscalers.prometheus import Counter


@dataclass(frozen=True, slots=True)
class OpenFaasCeSettings:
    """The alert, Alertmanager's route and the function's labels; times in seconds, as the Helm chart has them.

    ``first_scrape_s``: evaluations count from 0, scrapes from here; in a cluster the distance of the two is anything.
    """

    threshold_per_s: float = 5.0
    window_s: float = 10.0
    for_s: float = 5.0
    scrape_interval_s: float = 5.0
    evaluation_interval_s: float = 15.0
    first_scrape_s: float = 0.0
    group_wait_s: float = 5.0
    group_interval_s: float = 10.0
    repeat_interval_s: float = 30.0
    scale_min: int = 1
    scale_max: int = 5
    scale_factor: int = 10


def calculate_replicas(firing: bool, current: int, maximum: int, minimum: int, factor: int) -> int:
    """Return the replicas after one notification: up by ``factor`` % of the maximum, or back to the minimum.

    A factor of 0 also goes to the minimum, as in the original.
    """
    step = math.ceil(maximum / 100 * factor)
    if firing and step > 0:
        return min(current + step, maximum)
    return minimum


class OpenFaasCeRule:
    """State of one function's alert. Call :meth:`tick` with times that do not go back, once a second or so."""

    def __init__(self, settings: OpenFaasCeSettings) -> None:
        self.settings = settings
        self._counter = Counter(settings.window_s)
        self._next_scrape_s, self._next_evaluation_s = settings.first_scrape_s, 0.0
        self._true_since_s: float | None = None
        self.firing = False
        self._next_flush_s: float | None = None
        self._notified_s: float | None = None

    def from_zero(self) -> int:
        """Return the replicas the gateway asks for when a function without any is called."""
        return max(1, self.settings.scale_min)

    def tick(self, time_s: float, completed_total: float, replicas: int) -> int:
        """Return the replicas asked for, after the scrape, evaluation and notification due at ``time_s``.

        Args:
            time_s: now, seconds.
            completed_total: invocations answered with 200 since the start.
            replicas: replicas asked for now.
        """
        if time_s >= self._next_scrape_s:
            self._next_scrape_s = _next(self._next_scrape_s, self.settings.scrape_interval_s, time_s)
            self._counter.scrape(time_s, completed_total)
        if time_s >= self._next_evaluation_s:
            self._next_evaluation_s = _next(self._next_evaluation_s, self.settings.evaluation_interval_s, time_s)
            self._evaluate(time_s)
        if self._next_flush_s is not None and time_s >= self._next_flush_s:
            return self._flush(time_s, replicas)
        return replicas

    def _evaluate(self, time_s: float) -> None:
        """Prometheus: inactive, pending since the first true evaluation, firing once ``for`` has passed."""
        if self._counter.rate(time_s) <= self.settings.threshold_per_s:
            self._true_since_s, self.firing = None, False
            return
        if self._true_since_s is None:
            self._true_since_s = time_s
        self.firing = time_s - self._true_since_s >= self.settings.for_s
        if self.firing and self._next_flush_s is None:
            self._next_flush_s = time_s + self.settings.group_wait_s

    def _flush(self, time_s: float, replicas: int) -> int:
        """Alertmanager: notify at first, then again after ``repeat_interval``, and when it is resolved."""
        settings, notified_s = self.settings, self._notified_s
        self._next_flush_s = time_s + settings.group_interval_s if self.firing else None
        self._notified_s = time_s if self.firing else None
        if not self.firing and notified_s is None:
            return replicas
        if self.firing and notified_s is not None and time_s - notified_s < settings.repeat_interval_s:
            self._notified_s = notified_s
            return replicas
        return calculate_replicas(self.firing, replicas, settings.scale_max, settings.scale_min, settings.scale_factor)


def _next(due_s: float, interval_s: float, now_s: float) -> float:
    """Return the first instant after ``now_s`` of those an interval apart, counted from ``due_s``."""
    return due_s + (math.floor((now_s - due_s) / interval_s) + 1) * interval_s
