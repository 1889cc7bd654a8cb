"""Pictures of a run as PNG files; the only package that imports matplotlib."""

from analysis.plots.comparison import comparison_plots
from analysis.plots.fan import Fan, fan_plot
from analysis.plots.learning import learning_curves
from analysis.plots.pareto import pareto_plot, regret_bars
from analysis.plots.replicas import gap_plot, replica_plot
from analysis.plots.workload import workload_plot

__all__ = [
    "Fan",
    "comparison_plots",
    "fan_plot",
    "gap_plot",
    "learning_curves",
    "pareto_plot",
    "regret_bars",
    "replica_plot",
    "workload_plot",
]
