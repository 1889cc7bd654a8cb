"""Quality against price: where each agent stands, and which are not beaten in both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.metrics import METRICS
from analysis.statistics import interval

#: What quality and price are read from: the first that was recorded. Others' files know no worker-seconds.
QUALITY = ("qos_of_all_tasks", "final_qos_total", "mean_qos")
PRICE = ("worker_seconds", "mean_workers")


def recorded(episodes: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """Return the first of ``names`` that every episode has."""
    return next((name for name in names if name in episodes and episodes[name].notna().all()), None)


def axis_names(episodes: pd.DataFrame) -> tuple[str, str] | None:
    """Return the metrics quality and price are read from; None if one of them was not recorded."""
    quality, price = recorded(episodes, QUALITY), recorded(episodes, PRICE)
    return (quality, price) if quality and price else None


def spread(episodes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return, per agent, mean quality and price as shown (QoS in %) with 95 % intervals.

    Columns: ``qos qos_low qos_high cost cost_low cost_high``; the interval of a single episode is a point.
    Empty if ``axis_names`` finds none.
    """
    names = axis_names(episodes)
    if names is None:
        return pd.DataFrame(columns=["qos", "cost"])
    rows = {}
    for agent, part in episodes.groupby("agent", sort=False):
        row: dict[str, float] = {}
        for name, metric in zip(("qos", "cost"), names, strict=True):
            found = interval(METRICS[metric].factor * part[metric].to_numpy(dtype=float), rng)
            low, high = np.nan_to_num([found.low, found.high], nan=found.estimate)
            row |= {name: found.estimate, f"{name}_low": float(low), f"{name}_high": float(high)}
        rows[agent] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def frontier(points: pd.DataFrame) -> pd.DataFrame:
    """Return the rows no other row beats in both ``qos`` (higher) and ``cost`` (lower), by rising cost."""
    if points.empty:
        return points
    ordered = points.sort_values(["cost", "qos"], ascending=[True, False])
    best_before = ordered["qos"].astype(float).cummax().shift()
    return ordered[~(ordered["qos"] <= best_before)]  # nothing comes before the first: NaN
