"""Workers that are there and do nothing: cut off from their queue, or hanging, as nothing else in a reading shows."""

from __future__ import annotations

from operate.advice import longest_of
from operate.sight.estimator import Sight

#: Nothing is finished for so many times as long as the longest task takes, and for so many ticks, before it is said.
TIMES, TICKS = 2.0, 5


class Standstill:
    """Says once when tasks wait, workers are ready, and none is finished for longer than any takes.

    Args:
        interval_s: from tick to tick.
        variation: standard deviation of the work of tasks, as a share of its mean.
    """

    def __init__(self, interval_s: float, variation: float) -> None:
        self._least_s, self._variation = TICKS * interval_s, variation
        self._since_s: float | None = None
        self._most_s = 0.0
        self._said = False

    def look(self, sight: Sight, ready: int) -> tuple[str, ...]:
        """Return what is to be said now.

        Args:
            sight: what is seen; completions that are worked out from workers that should be busy never stand still.
            ready: workers able to take tasks.
        """
        stands = sight.flow.backlog >= 1 and ready > 0 and sight.flow.completed < 0.5
        if not stands or self._since_s is None:
            self._since_s, self._said = (sight.time_s if stands else None), False
            # What work seems to take grows while nothing is finished, so what was known before counts.
            self._most_s = max(self._least_s, TIMES * longest_of(sight.service_s, self._variation))
            return ()
        for_s = sight.time_s - self._since_s
        if self._said or for_s < self._most_s:
            return ()
        self._said = True
        there = f"{sight.flow.backlog:.0f} tasks wait and {ready} workers are ready"
        return (f"nothing was finished for {for_s:.0f} s, though {there}: do they reach the queue, do they hang?",)
