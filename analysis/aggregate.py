"""From step records to ``aggregated_results.json``: every episode of every agent, and each agent's summary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.episodes import KEYS, check_steps, episode_table, step_length_s
from analysis.metrics import METRICS

#: List of a record -> column of ``steps.parquet``. The first eight are the published layout.
SERIES: dict[str, str] = {
    "rewards": "reward",
    "qos_rates": "observed_qos_rate",
    "worker_counts": "observed_workers",
    "actions": "_action",
    "queue_lengths": "observed_worker_queue",
    "avg_times": "observed_avg_processing_time",
    "max_times": "observed_max_processing_time",
    "arrival_rates": "observed_arrival_rate",
    "times_s": "time_s",
    "requested_deltas": "requested_delta",
    "workers_ready": "workers_ready",
}


def aggregate(
    steps: pd.DataFrame, tasks: pd.DataFrame | None = None, *, meta: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the content of ``aggregated_results.json``; docs/metrics.md says what each field means.

    Shares (QoS) are 0-1, as in the published files. ``actions`` holds 0, 1, 2 for remove, keep, add,
    whatever the size of the change; ``requested_deltas`` has the size. A summary's ``std`` is the
    population standard deviation over episodes, as in the published files.

    Args:
        steps: rows of ``steps.parquet``.
        tasks: rows of ``tasks.parquet``; adds ``offered_load`` (work arriving per second, in workers).
        meta: written beside the agents as it is.

    Raises:
        RunError: there are no step records, or columns are missing.
    """
    check_steps(steps)
    rows = steps.assign(_action=np.sign(steps["requested_delta"]) + 1, _length_s=step_length_s(steps))
    rows = rows[[*KEYS, *SERIES.values(), "_length_s"]].apply(_decimal)
    summaries = episode_table(steps)
    work = _arrivals_by_episode(tasks)
    agents: dict[str, dict[str, Any]] = {}
    for _, part in rows.groupby(KEYS, sort=False):
        agents.setdefault(part["agent"].iloc[0], {"records": []})["records"].append(_record(part, work))
    for agent, table in summaries.groupby("agent", sort=False):
        _add_summaries(agents[str(agent)], table)
    return {"agents": agents, "meta": meta or {}}


def _record(part: pd.DataFrame, work: dict[int, tuple[Any, Any]]) -> dict[str, Any]:
    """One episode of one agent, without its summary."""
    seed = int(part["episode_seed"].iloc[0])
    record: dict[str, Any] = {name: part[column].tolist() for name, column in SERIES.items()}
    record |= {"episode": int(part["episode"].iloc[0]), "episode_seed": seed}
    if seed in work:
        record["offered_load"] = offered_load(part["time_s"].to_numpy(), part["_length_s"].to_numpy(), *work[seed])
    return record


def offered_load(
    end_s: np.ndarray[Any, Any], length_s: np.ndarray[Any, Any], arrival_s: Any, service_s: Any
) -> list[float]:
    """Return the seconds of work arriving in each step over its length: the workers that would just keep up.

    Args:
        end_s: float64[n], the end of each step. Steps follow each other and are half-open: each begins where the one
            before it ends (``end - length`` may round past an arrival), the first at ``end - length``.
        length_s: float64[n].
        arrival_s: float64[m], sorted.
        service_s: float64[m].
    """
    arrived = np.concatenate([[0.0], np.cumsum(service_s)])
    until = arrived[np.searchsorted(arrival_s, end_s, side="left")]
    before = arrived[np.searchsorted(arrival_s, end_s[:1] - length_s[:1], side="left")]
    since = np.concatenate([before, until[:-1]])
    return [round(float(load), 6) for load in (until - since) / length_s]


def _arrivals_by_episode(tasks: pd.DataFrame | None) -> dict[int, tuple[Any, Any]]:
    """Episode seed -> arrivals and service times; every agent met the same tasks, so the first one's serve."""
    if tasks is None or tasks.empty:
        return {}
    first = tasks.drop_duplicates(["episode_seed", "task"])
    return {
        int(part["episode_seed"].iloc[0]): (part["arrival_s"].to_numpy(), part["service_s"].to_numpy())
        for _, part in first.groupby("episode_seed", sort=False)
    }


def _add_summaries(agent: dict[str, Any], table: pd.DataFrame) -> None:
    for record, row in zip(agent["records"], table.to_dict("records"), strict=True):
        record["summary"] = {name: row[name] for name in ("steps", *METRICS)}
    agent["summary"] = {name: mean_std(table[name]) for name in METRICS}


def mean_std(values: pd.Series[Any]) -> dict[str, float]:
    """Return mean and population standard deviation."""
    return {"mean": float(values.mean()), "std": float(values.std(ddof=0))}


def _decimal(column: pd.Series[Any]) -> pd.Series[Any]:
    """Turn float32 into the shortest decimals that read back as the same float32 (0.9066667, not 0.90666669607)."""
    if column.dtype != np.float32:
        return column
    values, places = np.unique(column.to_numpy(), return_inverse=True)
    return pd.Series(values.astype(str).astype(np.float64)[places], index=column.index)
