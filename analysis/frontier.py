"""Quality against price: where each agent stands, and which are not beaten in both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.statistics import interval


def spread(episodes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return, per agent, mean QoS of all tasks (%) and worker-seconds with 95 % intervals.

    Columns: ``qos qos_low qos_high cost cost_low cost_high``; the interval of a single episode is a point.
    """
    qos = "qos_of_all_tasks" if "qos_of_all_tasks" in episodes else "final_qos_total"
    rows = {}
    for agent, part in episodes.groupby("agent", sort=False):
        row: dict[str, float] = {}
        for name, values in (("qos", 100 * part[qos]), ("cost", part["worker_seconds"])):
            found = interval(values.to_numpy(dtype=float), rng)
            low, high = np.nan_to_num([found.low, found.high], nan=found.estimate)
            row |= {name: found.estimate, f"{name}_low": float(low), f"{name}_high": float(high)}
        rows[agent] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def frontier(points: pd.DataFrame) -> pd.DataFrame:
    """Return the rows no other row beats in both ``qos`` (higher) and ``cost`` (lower), by rising cost."""
    if points.empty:
        return points
    ordered = points.sort_values(["cost", "qos"], ascending=[True, False])
    best_before = ordered["qos"].cummax().shift(fill_value=-np.inf)
    return ordered[ordered["qos"] > best_before]
