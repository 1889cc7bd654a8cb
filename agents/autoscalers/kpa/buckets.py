"""Knative's one-second buckets: the averages over the stable and the panic window.

Source: knative/serving v0.50, pkg/autoscaler/aggregation/bucketing.go, ``TimedFloat64Buckets`` and
``WeightedFloat64Buckets``; the collector around them is pkg/autoscaler/metrics/collector.go. The running total is
kept and corrected as in the original, so that even its rounding errors are the same.
"""

from __future__ import annotations

import math
from typing import Literal

from agents.autoscalers.go_numbers import power, root, rounded

Aggregation = Literal["linear", "weighted-exponential"]

#: ``precision``: decimals of a linear average.
DECIMALS = 6
#: 1 - ``weightPrecision``, and ``minExponent``, of the weighted average.
WEIGHT_LEFT_OUT, MIN_EXPONENT = 0.0001, 0.2


class LinearBuckets:
    """A ring of one-second sums over ``window_s`` seconds and their plain average."""

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._sums = [0.0] * max(1, math.ceil(window_s))
        self._total = 0.0
        self._first: int | None = None
        self._last = 0

    def record(self, time_s: float, value: float) -> None:
        """Add ``value`` to the second of ``time_s``; several values of one second add up."""
        second = math.floor(time_s)
        if self._first is None or second - self._last >= self.window_s:
            self._start(second)
        elif second > self._last:
            self._clear(second)
        elif second <= self._last - self.window_s:
            return
        else:
            self._first = min(self._first, second)
        self._sums[second % len(self._sums)] += value
        self._total += value

    def is_empty(self, time_s: float) -> bool:
        """Tell whether nothing was written yet, or nothing for longer than the window."""
        return self._first is None or self._gap(time_s) > self.window_s

    def average(self, time_s: float) -> float:
        """Return the average at ``time_s``: holes count as 0, a young window is divided by its age."""
        gap = self._gap(time_s)
        if self._first is None or gap >= self.window_s:
            return 0.0
        total = self._total
        for second in range(self._last + 1, self._last + gap + 1):
            total -= self._sums[second % len(self._sums)]
        count = min(self._last - self._first + 1, len(self._sums) - max(0, gap))
        return _six_decimals(total / count)

    def _gap(self, time_s: float) -> int:
        return math.floor(time_s) - self._last

    def _start(self, second: int) -> None:
        self._sums = [0.0] * len(self._sums)
        self._total = 0.0
        self._first = self._last = second

    def _clear(self, second: int) -> None:
        for passed in range(self._last + 1, second + 1):
            index = passed % len(self._sums)
            self._total -= self._sums[index]
            self._sums[index] = 0.0
        self._last = second


class WeightedBuckets(LinearBuckets):
    """The same ring, the newest second weighing most; neither normalised nor rounded, as in the original."""

    def __init__(self, window_s: float) -> None:
        super().__init__(window_s)
        self._smoothing = max(1 - root(WEIGHT_LEFT_OUT, len(self._sums)), MIN_EXPONENT)

    def average(self, time_s: float) -> float:
        """Return the weighted sum at ``time_s``."""
        if self.is_empty(time_s):
            return 0.0
        gap, count = max(0, self._gap(time_s)), len(self._sums)
        # Weights are multiplied step by step, as the original does it: rounding flips a ceil otherwise.
        result, weight = 0.0, self._smoothing * power(1 - self._smoothing, gap)
        for age in range(count - gap):
            result += self._sums[(self._last - age) % count] * weight
            weight *= 1 - self._smoothing
        return result


class KpaMetrics:
    """What the metric collector keeps for one revision: a stable and a panic window of the same samples."""

    def __init__(self, stable_window_s: float, panic_window_s: float, aggregation: Aggregation = "linear") -> None:
        buckets = LinearBuckets if aggregation == "linear" else WeightedBuckets
        self._stable, self._panic = buckets(stable_window_s), buckets(panic_window_s)

    def record(self, time_s: float, value: float) -> None:
        """Add one scrape of the whole farm (sum over pods)."""
        self._stable.record(time_s, value)
        self._panic.record(time_s, value)

    def averages(self, time_s: float) -> tuple[float, float] | None:
        """Return (stable, panic) at ``time_s``; None while there is no data."""
        if self._stable.is_empty(time_s):
            return None
        return self._stable.average(time_s), self._panic.average(time_s)


def _six_decimals(value: float) -> float:
    return rounded(value * 10.0**DECIMALS) / 10.0**DECIMALS
