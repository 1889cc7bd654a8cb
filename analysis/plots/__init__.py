"""Pictures of a run as PNG files; the only package that imports matplotlib.

What is named here is imported when it is first used: who does not draw does not wait.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.plots.comparison import comparison_plots
    from analysis.plots.fan import fan_plot
    from analysis.plots.learning import learning_curves
    from analysis.plots.pareto import pareto_plot, regret_bars
    from analysis.plots.replicas import gap_plot, replica_plot
    from analysis.plots.workload import workload_plot

_HOME = {
    "comparison_plots": "comparison",
    "fan_plot": "fan",
    "gap_plot": "replicas",
    "learning_curves": "learning",
    "pareto_plot": "pareto",
    "regret_bars": "pareto",
    "replica_plot": "replicas",
    "workload_plot": "workload",
}

__all__ = [
    "comparison_plots",
    "fan_plot",
    "gap_plot",
    "learning_curves",
    "pareto_plot",
    "regret_bars",
    "replica_plot",
    "workload_plot",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'analysis.plots' has no attribute {name!r}")
    return getattr(import_module(f"analysis.plots.{_HOME[name]}"), name)
