"""Knative's default pod autoscaler (KPA): the decision of one tick.

Source: knative/serving v0.50, pkg/autoscaler/scaling/autoscaler.go, ``Scale``, and aggregation/max/timewindow.go; the
user's view is https://knative.dev/docs/serving/autoscaling/kpa-specific/. The reconciler above ``Scale`` (minimum and
maximum scale, scale-to-zero grace) is not part of the rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from agents.autoscalers.go_numbers import ceil, divide, int32, nanoseconds


@dataclass(frozen=True, slots=True)
class KpaSettings:
    """Knative's ``DeciderSpec``; the defaults are those of ``config-autoscaler``.

    Attributes:
        target_value: metric per pod aimed at, after utilisation (70 % by default), >= 0.01.
        total_value: the full capacity of a pod in the metric's unit.
        target_burst_capacity: for the excess burst capacity; 0: always 0; negative: always -1.
        panic_threshold: panic once the pods wanted are at least this factor of the Ready ones.
        max_scale_up_rate: at most this factor of the Ready pods.
        max_scale_down_rate: at least the Ready pods divided by this.
        stable_window_s: seconds panic lasts after the last excess; the averaging window's length, too.
        scale_down_delay_s: seconds for which the highest decision is kept.
        activation_scale: pods at least, once there is any demand; below 2: not set.
        reachable: False for a revision without traffic, which may go down at once.
        tick_s: seconds between decisions.
    """

    target_value: float
    total_value: float
    target_burst_capacity: float = 211.0
    panic_threshold: float = 2.0
    max_scale_up_rate: float = 1000.0
    max_scale_down_rate: float = 2.0
    stable_window_s: float = 60.0
    scale_down_delay_s: float = 0.0
    activation_scale: int = 0
    reachable: bool = True
    tick_s: float = 2.0


@dataclass(frozen=True, slots=True)
class KpaDecision:
    """What one tick says: pods wanted, and how much burst the Ready pods could still take (int32)."""

    desired: int
    excess_burst_capacity: int


class KpaRule:
    """State of one revision's autoscaler, built at ``built_s`` over ``ready_pods``."""

    def __init__(self, settings: KpaSettings, ready_pods: int = 0, built_s: float = 0.0) -> None:
        self.settings = settings
        # Built over more than one Ready pod it starts in panic: no scale-down for a whole stable window.
        self._panic_ns: int | None = nanoseconds(built_s) if ready_pods > 1 else None
        self._panic_maximum = ready_pods
        self._delay = _DelayWindow(settings.scale_down_delay_s, settings.tick_s)

    @property
    def in_panic(self) -> bool:
        """Whether the rule is in panic mode."""
        return self._panic_ns is not None

    def tick(self, time_s: float, ready_pods: int, averages: tuple[float, float] | None) -> KpaDecision | None:
        """Decide once.

        Args:
            time_s: now, seconds.
            ready_pods: Ready pods as read at the tick.
            averages: (stable, panic) averages of the metric over all pods; None: no data.

        Returns:
            The decision; None without data: keep the last one.
        """
        if averages is None:
            return None
        stable, panic = averages
        ready = max(1, ready_pods)
        wanted_stable = ceil(divide(stable, self.settings.target_value))
        wanted_panic = ceil(divide(panic, self.settings.target_value))
        self._update_panic(nanoseconds(time_s), wanted_panic / ready >= self.settings.panic_threshold)
        desired = self._held_in_panic(self._limited(wanted_stable, ready), self._limited(wanted_panic, ready))
        desired = self._delayed(time_s, desired)
        return KpaDecision(desired, self._excess_burst_capacity(ready_pods, panic))

    def _limited(self, wanted: float, ready: int) -> int:
        """Clamp by the rates, which Ready pods carry, then raise to the activation scale."""
        settings = self.settings
        lowest = math.floor(ready / settings.max_scale_down_rate) if settings.reachable else 0
        highest = math.ceil(settings.max_scale_up_rate * ready)
        limited = int32(min(max(wanted, lowest), highest))
        if settings.activation_scale > 1 and wanted > 0:
            return max(limited, settings.activation_scale)
        return limited

    def _update_panic(self, now_ns: int, over_threshold: bool) -> None:
        if over_threshold:
            self._panic_ns = now_ns
        elif self._panic_ns is not None and self._panic_ns + nanoseconds(self.settings.stable_window_s) < now_ns:
            self._panic_ns = None
            self._panic_maximum = 0

    def _held_in_panic(self, stable: int, panic: int) -> int:
        """In panic only increases apply; the maximum is of this panic's own decisions."""
        if not self.in_panic:
            return stable
        self._panic_maximum = max(self._panic_maximum, stable, panic)
        return self._panic_maximum

    def _delayed(self, time_s: float, desired: int) -> int:
        if self.settings.scale_down_delay_s <= 0 or not self.settings.reachable:
            return desired
        return self._delay.maximum(time_s, desired)

    def _excess_burst_capacity(self, ready_pods: int, panic: float) -> int:
        burst = self.settings.target_burst_capacity
        if burst <= 0:
            return 0 if burst == 0 else -1
        return int32(math.floor(ready_pods * self.settings.total_value - burst - panic))


class _DelayWindow:
    """The highest of the decisions in the present bucket and those before it (``max.TimeWindow``)."""

    def __init__(self, duration_s: float, granularity_s: float) -> None:
        self._granularity_s = granularity_s
        self._buckets = math.ceil(nanoseconds(duration_s) / nanoseconds(granularity_s))
        self._maxima: list[tuple[int, int]] = []

    def maximum(self, time_s: float, value: int) -> int:
        """Record ``value`` and return the highest one kept."""
        index = math.floor(time_s) // int(self._granularity_s)
        self._maxima = [kept for kept in self._maxima if kept[0] > index - self._buckets]
        self._maxima.append((index, value))
        return max(kept for _, kept in self._maxima)
