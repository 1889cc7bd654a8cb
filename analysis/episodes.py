"""One row per agent and episode, from the step records."""

from __future__ import annotations

import pandas as pd

from autoscaling_env.errors import RunError
from autoscaling_env.summary import EpisodeSummary

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
    """Return one row per agent and episode with the columns of ``KEYS`` and the figures of ``EpisodeSummary``.

    Args:
        steps: rows of ``steps.parquet``; agents and episodes in the order they were played.
    """
    check_steps(steps)
    rows = []
    for keys, part in steps.groupby(KEYS, sort=False):
        last = part.iloc[-1]
        summary = EpisodeSummary.of_steps(
            reward=part["reward"],
            qos_rate=part["observed_qos_rate"],
            requested_workers=part["requested_workers"],
            requested_delta=part["requested_delta"],
            time_s=part["time_s"],
            processed_tasks=int(last["processed_tasks"]),
            unfinished_tasks=int(last["unfinished_tasks"]),
            qos_violations=int(last["qos_violations"]),
        )
        rows.append(dict(zip(KEYS, keys, strict=True)) | summary.figures())
    return pd.DataFrame(rows)
