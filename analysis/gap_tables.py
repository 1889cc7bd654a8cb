"""The gap between simulation and reality as table rows."""

from __future__ import annotations

from typing import Any

from analysis.metrics import METRICS
from analysis.statistics import Interval
from analysis.tables import Row, with_interval

UNITS = {
    "workers": "workers",
    "avg_processing_time": "s",
    "max_processing_time": "s",
    "arrival_rate": "tasks/s",
    "qos_rate": "share",
    "input_queue": "segments",
}


def gap_rows(report: dict[str, Any]) -> list[Row]:
    """Return one row per observation component, and per task time where tasks were recorded."""
    named = {f"{name} [{UNITS.get(name, 'tasks')}]": figures for name, figures in report["observations"].items()}
    named |= {f"{name.removesuffix('_s')} of a task [s]": figures for name, figures in report["tasks"].items()}
    columns = {
        "Simulated": "sim_mean",
        "Live": "live_mean",
        "Bias": "bias",
        "Mean abs. error": "mae",
        "KS": "ks",
        "Wasserstein": "wasserstein",
    }
    return [
        {"Quantity": name} | {heading: _number(figures[key]) for heading, key in columns.items()}
        for name, figures in named.items()
    ]


def gap_metric_rows(report: dict[str, Any]) -> list[Row]:
    """Return one row per agent and metric: both means and the paired difference, live minus simulated."""
    return [
        {
            "Agent": agent,
            "Metric": METRICS[name].title,
            "Episodes": str(figures["episodes"]),
            "Simulated": METRICS[name].shown(figures["sim_mean"]),
            "Live": METRICS[name].shown(figures["live_mean"]),
            "Live - simulated [95 % interval]": _difference(figures, name),
        }
        for agent, metrics in report["metrics"].items()
        for name, figures in metrics.items()
    ]


def ranking_rows(report: dict[str, Any]) -> list[Row]:
    """Return one row per metric: whether both worlds rank the agents the same, best first."""
    return [
        {
            "Metric": METRICS[name].label,
            "Simulated order": " > ".join(ranking["sim"]),
            "Live order": " > ".join(ranking["live"]),
            "Kendall's tau": _number(ranking["kendall_tau"]),
        }
        for name, ranking in report["ranking"].items()
    ]


def _difference(figures: dict[str, Any], name: str) -> str:
    low, high = (float("nan") if figures[end] is None else figures[end] for end in ("low", "high"))
    return with_interval(Interval(figures["difference"], low, high), name)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3f}"
