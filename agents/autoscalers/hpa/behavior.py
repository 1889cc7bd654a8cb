"""Memory of an HPA: past recommendations (stabilisation windows) and past scalings (rate policies).

Source: kubernetes v1.34, pkg/controller/podautoscaler/horizontal.go; the function's name stands with each method.
All times are whole nanoseconds, so that ages at the edge of a window compare exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from agents.autoscalers.go_numbers import INT32_MAX, INT32_MIN, ceil, int32, nanoseconds, wrapped
from agents.autoscalers.hpa.settings import ScalingPolicy, ScalingRules


@dataclass(slots=True)
class Recommendations:
    """Proposals as they were before windows, rates and bounds, for as long as any window looks back."""

    longest_window_ns: int
    _entries: list[tuple[int, int]] = field(default_factory=list)
    _started: bool = False

    def record_initial(self, now_ns: int, replicas: int) -> None:
        """``recordInitialRecommendation``: only the first call ever counts."""
        if not self._started:
            self.record(now_ns, replicas)

    def record(self, now_ns: int, replicas: int) -> None:
        """Remember a proposal; drop what no window can see any more."""
        self._started = True
        oldest = now_ns - self.longest_window_ns
        self._entries = [entry for entry in self._entries if entry[0] >= oldest]
        self._entries.append((now_ns, replicas))

    def since(self, cutoff_ns: int) -> Iterator[int]:
        """Proposals made at ``cutoff_ns`` or later."""
        return (replicas for time_ns, replicas in self._entries if time_ns >= cutoff_ns)

    def after(self, cutoff_ns: int) -> Iterator[int]:
        """Proposals made later than ``cutoff_ns``."""
        return (replicas for time_ns, replicas in self._entries if time_ns > cutoff_ns)


@dataclass(slots=True)
class _Event:
    time_ns: int
    change: int
    outdated: bool = False


@dataclass(slots=True)
class ScaleEvents:
    """Changes the HPA made in one direction, in slots that are reused as ``storeScaleEvent`` does it."""

    longest_period_ns: int
    _slots: list[_Event] = field(default_factory=list)

    def store(self, now_ns: int, change: int) -> None:
        """Remember ``change`` pods, > 0, in the last outdated slot or a new one.

        Outdated goes by this direction's own policies. The other direction may look back further: it still
        counts outdated events nobody overwrote, and misses the overwritten ones, as in the original.
        """
        for slot in self._slots:
            slot.outdated = slot.outdated or slot.time_ns < now_ns - self.longest_period_ns
        free = [index for index, slot in enumerate(self._slots) if slot.outdated]
        event = _Event(now_ns, change)
        if free:
            self._slots[free[-1]] = event
        else:
            self._slots.append(event)

    def change_within(self, now_ns: int, period_ns: int) -> int:
        """``getReplicasChangePerPeriod``: pods changed at an age strictly below the period."""
        return sum(slot.change for slot in self._slots if slot.time_ns > now_ns - period_ns)


@dataclass(slots=True)
class ScaleHistory:
    """Both directions' events and the limits that follow from them."""

    scale_up: ScalingRules
    scale_down: ScalingRules
    _added: ScaleEvents = field(init=False)
    _removed: ScaleEvents = field(init=False)

    def __post_init__(self) -> None:
        self._added = ScaleEvents(nanoseconds(self.scale_up.longest_period_s))
        self._removed = ScaleEvents(nanoseconds(self.scale_down.longest_period_s))

    def store(self, now_ns: int, before: int, after: int) -> None:
        """Remember that the HPA changed the target from ``before`` to ``after`` pods."""
        if after > before:
            self._added.store(now_ns, after - before)
        else:
            self._removed.store(now_ns, before - after)

    def up_limit(self, now_ns: int, spec_replicas: int) -> int:
        """``calculateScaleUpLimitWithScalingRules``, never below ``spec_replicas``."""
        rules = self.scale_up
        if rules.select_policy == "Disabled":
            return spec_replicas
        limits = [_up(policy, self._start(now_ns, policy, spec_replicas)) for policy in rules.policies]
        # Without any policy the original keeps its starting value, the neutral element of min or max.
        if rules.select_policy == "Min":
            return max(spec_replicas, min(limits, default=INT32_MAX))
        return max(spec_replicas, max(limits, default=INT32_MIN))

    def down_limit(self, now_ns: int, spec_replicas: int) -> int:
        """``calculateScaleDownLimitWithBehaviors``, never above ``spec_replicas``."""
        rules = self.scale_down
        if rules.select_policy == "Disabled":
            return spec_replicas
        limits = [_down(policy, self._start(now_ns, policy, spec_replicas)) for policy in rules.policies]
        if rules.select_policy == "Min":
            return min(spec_replicas, max(limits, default=INT32_MIN))
        return min(spec_replicas, min(limits, default=INT32_MAX))

    def _start(self, now_ns: int, policy: ScalingPolicy, spec_replicas: int) -> int:
        period_ns = nanoseconds(policy.period_s)
        added = self._added.change_within(now_ns, period_ns)
        return spec_replicas - added + self._removed.change_within(now_ns, period_ns)


def _up(policy: ScalingPolicy, start: int) -> int:
    if policy.type == "Pods":
        return wrapped(start + policy.value)
    return int32(ceil(start * (1 + policy.value / 100)))


def _down(policy: ScalingPolicy, start: int) -> int:
    if policy.type == "Pods":
        return wrapped(start - policy.value)
    return int32(start * (1 - policy.value / 100))
