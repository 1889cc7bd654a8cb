"""KEDA: going between zero (or idle) and some replicas, and the Redis triggers' metrics.

Source: kedacore/keda v2.21, pkg/scaling/executor/scale_scaledobjects.go, ``RequestScale``; triggers:
pkg/scalers/redis_scaler.go and redis_streams_scaler.go, https://keda.sh/docs/2.19/scalers/redis-lists/.
Everything from 1 upwards is the HPA that KEDA creates: :class:`agents.autoscalers.hpa.rule.HpaRule`.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.autoscalers.go_numbers import nanoseconds


@dataclass(frozen=True, slots=True)
class KedaSettings:
    """The ScaledObject's fields that decide between 0 and 1; the defaults are KEDA's.

    Attributes:
        polling_interval_s: seconds between polls.
        cooldown_period_s: seconds after the last active poll before the last replica goes.
        initial_cooldown_period_s: the same, counted from creation, while no poll was ever active.
        min_replica_count: never fewer, except for the idle count.
        idle_replica_count: replicas while inactive; None: no idle mode.
        fallback_replicas: replicas while a trigger fails; None: no fallback section.
    """

    polling_interval_s: float = 30.0
    cooldown_period_s: float = 300.0
    initial_cooldown_period_s: float = 0.0
    min_replica_count: int = 0
    idle_replica_count: int | None = None
    fallback_replicas: int | None = None


class KedaRule:
    """State of one ScaledObject's executor, created at ``created_s``."""

    def __init__(self, settings: KedaSettings, created_s: float = 0.0) -> None:
        self.settings = settings
        self._created_s = created_s
        self.last_active_s: float | None = None

    def poll(self, time_s: float, replicas: int, active: bool, error: bool = False) -> int:
        """Return the replicas to ask for after one poll.

        Args:
            time_s: now, seconds.
            replicas: replicas asked for, as read at the poll.
            active: some trigger is active.
            error: some trigger failed.
        """
        if active:
            return self._active(time_s, replicas, error)
        return self._inactive(time_s, replicas, error)

    def _active(self, time_s: float, replicas: int, error: bool) -> int:
        settings = self.settings
        is_idle = settings.idle_replica_count is not None and replicas < settings.min_replica_count
        if replicas == 0 or is_idle:
            self.last_active_s = time_s
            return max(1, settings.min_replica_count)
        if not error:
            self.last_active_s = time_s
        return replicas

    def _inactive(self, time_s: float, replicas: int, error: bool) -> int:
        settings = self.settings
        if error and settings.fallback_replicas != 0:
            return replicas
        idle = settings.idle_replica_count
        if (idle is not None and replicas > idle) or (settings.min_replica_count == 0 and replicas > 0):
            return (idle or 0) if self._cooled_down(time_s) else replicas
        if idle is None and replicas < settings.min_replica_count:
            return settings.min_replica_count
        return replicas

    def _cooled_down(self, time_s: float) -> bool:
        """Strictly later than last active + cooldown; never active yet: than creation + initial cooldown."""
        if self.last_active_s is None:
            start_s, wait_s = self._created_s, self.settings.initial_cooldown_period_s
        else:
            start_s, wait_s = self.last_active_s, self.settings.cooldown_period_s
        return nanoseconds(start_s) + nanoseconds(wait_s) < nanoseconds(time_s)


def is_active(metric: float, activation_threshold: float = 0.0) -> bool:
    """Tell whether a Redis trigger is active: strictly more than ``activationListLength``, 0 by default."""
    return metric > activation_threshold
