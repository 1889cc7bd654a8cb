"""Backlog per instance, the rule AWS recommends for workers on a queue, kept by a target-tracking policy.

Sources: Amazon EC2 Auto Scaling User Guide, "Scaling policy based on Amazon SQS" (acceptable backlog per instance =
acceptable latency / processing time; backlog per instance = messages / instances in service) and "Target tracking
scaling policies" (capacity in proportion to the metric, rounded up; scaling in only well below the target). The alarms
such a policy creates are not in the guide: three one-minute data points for scaling out, fifteen for scaling in
(as seen in https://github.com/aws/copilot-cli/issues/4233), the latter below 90 % of the target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BacklogSettings:
    """The target and its two alarms.

    Attributes:
        acceptable_backlog: messages per instance that keep the latency acceptable, > 0.
        period_s: seconds between data points.
        datapoints_out: consecutive data points above the target before scaling out.
        datapoints_in: consecutive data points below the scale-in threshold before scaling in.
        scale_in_share: that threshold as a share of the target.
    """

    acceptable_backlog: float
    period_s: float = 60.0
    datapoints_out: int = 3
    datapoints_in: int = 15
    scale_in_share: float = 0.9


def acceptable_backlog(latency_s: float, service_s: float) -> float:
    """Return the messages an instance may have waiting: ``latency_s / service_s``."""
    return latency_s / service_s


class BacklogRule:
    """State of one target-tracking policy. Call :meth:`datapoint` once per period."""

    def __init__(self, settings: BacklogSettings) -> None:
        self.settings = settings
        self._above = self._below = 0

    def datapoint(self, messages: int, in_service: int, capacity: int) -> int:
        """Return the instances to ask for.

        Args:
            messages: messages waiting.
            in_service: instances at work; none counts as one, so that a backlog is seen at all.
            capacity: instances asked for now.
        """
        settings = self.settings
        backlog = messages / max(1, in_service)
        self._above = self._above + 1 if backlog > settings.acceptable_backlog else 0
        self._below = self._below + 1 if backlog < settings.scale_in_share * settings.acceptable_backlog else 0
        wanted = math.ceil(messages / settings.acceptable_backlog)
        if self._above >= settings.datapoints_out:
            return max(capacity, wanted)
        if self._below >= settings.datapoints_in:
            return min(capacity, wanted)
        return capacity
