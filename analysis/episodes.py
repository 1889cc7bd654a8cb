"""One row per agent and episode, from the step records."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autoscaling_env.errors import RunError

#: What identifies an episode of an agent in every table.
KEYS = ["agent", "episode", "episode_seed"]

_NEEDED = (
    *KEYS,
    "step",
    "time_s",
    "requested_delta",
    "requested_workers",
    "processed_tasks",
    "unfinished_tasks",
    "qos_violations",
    "reward",
    "observed_worker_queue",
    "observed_avg_processing_time",
    "observed_max_processing_time",
    "observed_arrival_rate",
    "observed_qos_rate",
)


def check_steps(steps: pd.DataFrame) -> None:
    """Raise ``RunError`` if these are not step records, or there are none."""
    missing = [name for name in _NEEDED if name not in steps.columns]
    if missing:
        raise RunError(f"step records lack {', '.join(missing)}: not a steps.parquet of this version")
    if steps.empty:
        raise RunError("step records are empty: no episode was played")


def step_length_s(steps: pd.DataFrame) -> pd.Series[float]:
    """Return the length of each step in seconds: the time since the previous step's end, or since 0."""
    return steps.groupby(KEYS, sort=False)["time_s"].diff().fillna(steps["time_s"])


def episode_table(steps: pd.DataFrame) -> pd.DataFrame:
    """Return one row per agent and episode with the columns of ``KEYS``, ``steps`` and ``metrics.METRICS``.

    ``worker_seconds`` adds up requested workers x step length: what is paid for. ``final_qos_total`` counts
    the tasks collected (the published definition; 1 if there is none), ``qos_of_all_tasks`` counts a task
    not collected by the end as missed.

    Args:
        steps: rows of ``steps.parquet``; agents and episodes in the order they were played.
    """
    check_steps(steps)
    rows = steps.assign(
        _scaled=(steps["requested_delta"] != 0).astype(np.int64),
        _worker_seconds=steps["requested_workers"] * step_length_s(steps),
        _qos=steps["observed_qos_rate"].astype(np.float64),
    )
    groups = rows.groupby(KEYS, sort=False)
    table = groups.agg(
        steps=("step", "size"),
        total_reward=("reward", "sum"),
        mean_reward=("reward", "mean"),
        mean_qos=("_qos", "mean"),
        mean_workers=("requested_workers", "mean"),
        max_workers=("requested_workers", "max"),
        scaling_actions=("_scaled", "sum"),
        unfinished_tasks=("unfinished_tasks", "last"),
        qos_violations=("qos_violations", "last"),
        processed_tasks=("processed_tasks", "last"),
        worker_seconds=("_worker_seconds", "sum"),
    ).reset_index()
    return _with_shares(table)


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Add what follows from the counts."""
    met = table["processed_tasks"] - table["qos_violations"]
    tasks = table["processed_tasks"] + table["unfinished_tasks"]
    return table.assign(
        noop_actions=table["steps"] - table["scaling_actions"],
        final_qos_total=(met / table["processed_tasks"]).fillna(1.0),
        qos_of_all_tasks=(met / tasks).fillna(1.0),
    )
