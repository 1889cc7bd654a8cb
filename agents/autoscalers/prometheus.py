"""Prometheus: what it knows of a gauge it scrapes now and then, and ``rate()`` of a counter.

Source: prometheus/prometheus, promql/functions.go, ``extrapolatedRate``. As from version 3 a window does not hold the
sample at its very start.
"""

from __future__ import annotations

from collections import deque

from agents.autoscalers.span import Fact, Span
from autoscaling_env.types import Info

#: A gap to the window's edge is bridged up to this factor of the mean distance of samples.
BRIDGED = 1.1


class ScrapedGauge:
    """A gauge as of the last scrape; before the first one, as ``first`` shows it."""

    def __init__(self, fact: Fact, first: Info) -> None:
        self._fact, self._value, self._span = fact, fact(first), Span(first, first)

    def advance(self, span: Span) -> None:
        """Let a step pass."""
        self._span = span

    def scrape(self, time_s: float) -> None:
        """Read the gauge, a whole number, at an instant of the present step."""
        self._value = round(self._span.at(time_s, self._fact))

    def metric(self, _time_s: float) -> float:
        """Return what a query is told: it does not see that the value is old."""
        return float(self._value)


class Counter:
    """The samples of one counter that never goes down, as long as a window of ``window_s`` sees them."""

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._samples: deque[tuple[float, float]] = deque()

    def scrape(self, time_s: float, value: float) -> None:
        """Remember the counter's value."""
        self._samples.append((time_s, value))

    def rate(self, time_s: float) -> float:
        """Return the rate per second over the window that ends at ``time_s``; 0 (no series) below two samples."""
        start_s = time_s - self.window_s
        while self._samples and self._samples[0][0] <= start_s:
            self._samples.popleft()
        if len(self._samples) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._samples[0], self._samples[-1]
        sampled_s, increase = last_s - first_s, last - first
        distance_s = sampled_s / (len(self._samples) - 1)
        before_s = _bridged(first_s - start_s, distance_s)
        if increase > 0:  # not back beyond where the counter would have been 0
            before_s = min(before_s, sampled_s * first / increase)
        after_s = _bridged(time_s - last_s, distance_s)
        return increase * (sampled_s + before_s + after_s) / sampled_s / self.window_s


def _bridged(gap_s: float, distance_s: float) -> float:
    """Return how far the samples are extended towards an edge of the window."""
    return gap_s if gap_s < BRIDGED * distance_s else distance_s / 2
