"""Guardrails that bend a number: how fast the count may change, how soon it may fall again, what a day may cost."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from operate.config import BoundsConfig, GuardrailsConfig
from operate.guardrails.moment import Limit, Moment
from operate.guardrails.spare_busy import SpareBusy
from operate.record import Bend

MINUTE_S = 60.0
DAY_S = 86_400.0


class Overdue(Limit):
    """What is overdue is not left lying: a policy that is paid for tasks in time may see nothing in the others."""

    name = "clear_overdue"

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s

    def bend(self, wanted: int, moment: Moment) -> tuple[int, str]:
        """See ``Limit.bend``."""
        needed = math.ceil(moment.overdue_work_s / self._within_s)
        return max(wanted, needed), f"tasks are overdue; {needed} workers clear what waits in {self._within_s:g} s"


class Cooldown(Limit):
    """After a scale-in the next one waits."""

    name = "scale_in_cooldown"

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._last_s: float | None = None

    def bend(self, wanted: int, moment: Moment) -> tuple[int, str]:
        """See ``Limit.bend``."""
        if wanted >= moment.requested or self._last_s is None:
            return wanted, ""
        left_s = self._last_s + self._pause_s - moment.now_s
        if left_s <= 0:
            return wanted, ""
        return moment.requested, f"the last scale-in was {moment.now_s - self._last_s:.0f} s ago, {left_s:.0f} s to go"

    def written(self, before: int, after: int, now_s: float) -> None:
        """See ``Limit.written``."""
        if after < before:
            self._last_s = now_s


class PerTick(Limit):
    """The count changes by at most so many in a tick."""

    name = "change_per_tick"

    def __init__(self, most: int) -> None:
        self._most = most

    def bend(self, wanted: int, moment: Moment) -> tuple[int, str]:
        """See ``Limit.bend``."""
        return _within(wanted, moment.requested, self._most), f"at most {self._most} a tick"


class PerMinute(Limit):
    """The changes of a minute add up to at most so many."""

    name = "change_per_minute"

    def __init__(self, most: int) -> None:
        self._most = most
        self._changes: deque[tuple[float, int]] = deque()

    def bend(self, wanted: int, moment: Moment) -> tuple[int, str]:
        """See ``Limit.bend``."""
        while self._changes and self._changes[0][0] <= moment.now_s - MINUTE_S:
            self._changes.popleft()
        left = max(0, self._most - sum(change for _, change in self._changes))
        return _within(wanted, moment.requested, left), f"{left} of {self._most} changes are left in this minute"

    def written(self, before: int, after: int, now_s: float) -> None:
        """See ``Limit.written``."""
        self._changes.append((now_s, abs(after - before)))


class Budget(Limit):
    """Worker-hours of a day: what the least count needs for the rest of it is kept back."""

    name = "worker_hours_per_day"

    def __init__(self, hours: float, least: int) -> None:
        self._hours, self._least = hours, least

    def bend(self, wanted: int, moment: Moment) -> tuple[int, str]:
        """See ``Limit.bend``."""
        later_s = max(0.0, moment.day_left_s - moment.interval_s)
        free = self._hours - moment.hours_today - self._least * later_s / 3600
        next_s = min(moment.interval_s, moment.day_left_s)
        affordable = max(self._least, int(free * 3600 / max(next_s, 1e-9)))
        why = f"{moment.hours_today:.1f} of {self._hours:g} worker-hours of this day are used"
        return min(wanted, affordable), why


class Bounds(Limit):
    """The count never leaves its bounds; the last of all."""

    name = "bounds"

    def __init__(self, bounds: BoundsConfig) -> None:
        self._bounds = bounds

    def bend(self, wanted: int, moment: Moment) -> tuple[int, str]:
        """See ``Limit.bend``."""
        least, most = self._bounds.min, self._bounds.max
        return min(max(wanted, least), most), f"from {least} to {most} workers"


class Limits:
    """All of them, in order."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = tuple(limits)

    @classmethod
    def of(cls, guardrails: GuardrailsConfig, bounds: BoundsConfig) -> Limits:
        """Return those that are configured."""
        limits: list[Limit] = []
        if guardrails.clear_overdue is not None:
            limits.append(Overdue(guardrails.clear_overdue))
        if guardrails.scale_in_cooldown:
            limits.append(Cooldown(guardrails.scale_in_cooldown))
        if guardrails.change_per_tick is not None:
            limits.append(PerTick(guardrails.change_per_tick))
        if guardrails.change_per_minute is not None:
            limits.append(PerMinute(guardrails.change_per_minute))
        if guardrails.spare_busy is not None:
            limits.append(SpareBusy(guardrails.spare_busy))
        if guardrails.worker_hours_per_day is not None:
            limits.append(Budget(guardrails.worker_hours_per_day, bounds.min))
        return cls([*limits, Bounds(bounds)])

    def bend(self, wanted: int, moment: Moment) -> tuple[int, tuple[Bend, ...]]:
        """Return what may be had, and what each guardrail changed."""
        bends = []
        for limit in self._limits:
            after, why = limit.bend(wanted, moment)
            if after != wanted:
                bends.append(Bend(limit.name, wanted, after, why))
            wanted = after
        return wanted, tuple(bends)

    def written(self, before: int, after: int, now_s: float) -> None:
        """Note that the count was changed by us."""
        for limit in self._limits:
            limit.written(before, after, now_s)

    def take_news(self) -> tuple[str, ...]:
        """Return what the guardrails want to be known of themselves, a sentence each, once."""
        return tuple(news for limit in self._limits if (news := limit.take_news()))


def _within(wanted: int, requested: int, most: int) -> int:
    return min(max(wanted, requested - most), requested + most)
