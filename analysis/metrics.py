"""The figures an episode is evaluated by: what each is called, its unit, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """How a figure of an episode is shown.

    Attributes:
        label: what a table or axis calls it.
        unit: shown in brackets; empty for plain counts.
        better: the direction that is better; None where neither is by itself.
        factor: shown = stored x factor (shares are stored 0-1 and shown in per cent).
        decimals: digits shown after the point.
    """

    label: str
    unit: str = ""
    better: Literal["higher", "lower"] | None = None
    factor: float = 1.0
    decimals: int = 2

    @property
    def title(self) -> str:
        """Label with unit, as on an axis."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label

    def shown(self, value: float) -> str:
        """Format one stored value."""
        return f"{value * self.factor:,.{self.decimals}f}"


#: Every figure of an episode, in the order of the published layout; ours follow.
METRICS: dict[str, Metric] = {
    "total_reward": Metric("Episode return", "", "higher"),
    "mean_reward": Metric("Mean reward", "per step", "higher"),
    "final_qos_total": Metric("QoS", "%", "higher", factor=100),
    "mean_qos": Metric("Mean windowed QoS", "%", "higher", factor=100),
    "mean_workers": Metric("Mean workers", "", "lower"),
    "max_workers": Metric("Max workers", "", "lower", decimals=1),
    "scaling_actions": Metric("Scaling actions", "", "lower", decimals=1),
    "noop_actions": Metric("No-op actions", "", None, decimals=1),
    "unfinished_tasks": Metric("Unfinished tasks", "", "lower", decimals=1),
    "qos_violations": Metric("Deadlines missed", "", "lower", decimals=1),
    "processed_tasks": Metric("Processed tasks", "", "higher", decimals=1),
    "worker_seconds": Metric("Worker-seconds", "s", "lower", decimals=0),
    "qos_of_all_tasks": Metric("QoS of all tasks", "%", "higher", factor=100),
}
