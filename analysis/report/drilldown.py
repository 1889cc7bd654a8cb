"""The report's step-by-step part: one episode of one agent at a time, as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.metrics import METRICS
from analysis.palette import PALETTE
from analysis.report.decisions import Decision
from analysis.report.figures import plain
from analysis.report.foresight import Allowance, explaining, foresight
from analysis.report.sources import Scenario
from analysis.results import Record

#: At most so many numbers go into the page; beyond that only the first episodes of each agent do.
MOST_NUMBERS = 600_000
#: What a step's sentence and the bands foreseen take, in numbers.
EXPLAINED = 40


@dataclass(frozen=True, slots=True)
class Column:
    """One column: key in the page, heading, digits, and where it comes from in records or step rows."""

    key: str
    heading: str
    decimals: int
    record: str = ""
    row: str = ""


COLUMNS = (
    Column("step", "Step", 0, row="step"),
    Column("time_s", "Time [s]", 1, "times_s", "time_s"),
    Column("action", "Action", 0, "requested_deltas", "requested_delta"),
    Column("scale_reason", "Scaling", 0, row="scale_reason"),
    Column("input", "Input", 0, row="observed_input_queue"),
    Column("waiting", "Waiting", 0, "queue_lengths", "observed_worker_queue"),
    Column("results", "Results", 0, row="observed_result_queue"),
    Column("output", "Output", 0, row="observed_output_queue"),
    Column("workers", "Workers", 0, "worker_counts", "requested_workers"),
    Column("workers_ready", "Ready", 0, "workers_ready", "workers_ready"),
    Column("workers_starting", "Starting", 0, row="workers_starting"),
    Column("workers_draining", "Draining", 0, row="workers_draining"),
    Column("busy_workers", "Busy", 0, row="busy_workers"),
    Column("qos_percent", "QoS [%]", 1, "qos_rates", "observed_qos_rate"),
    Column("mean_s", "Mean [s]", 2, "avg_times", "observed_avg_processing_time"),
    Column("max_s", "Max [s]", 2, "max_times", "observed_max_processing_time"),
    Column("arrivals", "Arrivals [1/s]", 2, "arrival_rates", "observed_arrival_rate"),
    Column("offered_load", "Load", 2, "offered_load"),
    Column("reward", "Reward", 2, "rewards", "reward"),
    Column("foreseen", "Foreseen", 1, row="foreseen"),
    Column("because", "Why", 0, row="because"),
)


def drilldown(scenarios: Sequence[Scenario]) -> tuple[dict[str, Any], str]:
    """Return what the page's script reads, and a note if not every episode fits."""
    share = min(1.0, MOST_NUMBERS / sum(map(_numbers, scenarios)))
    columns = [{"key": column.key, "heading": column.heading, "decimals": column.decimals} for column in COLUMNS]
    sharing = explaining([scenario.decisions for scenario in scenarios])
    page = {
        "columns": columns,
        "palette": PALETTE,
        "scenarios": [_scenario(scenario, share, sharing) for scenario in scenarios],
    }
    part = f"The first {share:.0%} of each agent's episodes (at least one) are here; steps.parquet has all of them."
    return page, "" if share == 1 else part


def _numbers(scenario: Scenario) -> int:
    steps = sum(len(record.rewards) for agent in scenario.results.agents.values() for record in agent.records)
    return steps * (len(COLUMNS) + 9) + EXPLAINED * sum(map(len, scenario.decisions.values()))


def _scenario(scenario: Scenario, share: float, sharing: int) -> dict[str, Any]:
    rows = _rows_by_episode(scenario.steps)
    agents = []
    for name, agent in scenario.results.agents.items():
        allowance = Allowance(sharing)
        records = agent.records[: max(1, int(share * len(agent.records)))]
        episodes = []
        for index, record in enumerate(records):
            found = rows.get((name, record.episode))
            decisions = () if record.episode is None else scenario.decisions.get((name, record.episode), ())
            episodes.append(_episode(index, record, found) | _foresight(decisions, found, allowance))
        agents.append({"name": name, "episodes": episodes})
    return {"name": plain(scenario.name), "agents": agents}


def _foresight(decisions: Sequence[Decision], rows: pd.DataFrame | None, allowance: Allowance) -> dict[str, Any]:
    """Return what was foreseen, where decisions tell and what came was recorded."""
    if not decisions or rows is None or "enqueued_total" not in rows:
        return {}
    came = np.diff(rows["enqueued_total"].to_numpy(dtype=float), prepend=0.0)
    return {"foresight": foresight(decisions, came.tolist(), allowance.every(len(decisions)))}


def _rows_by_episode(steps: pd.DataFrame | None) -> dict[Any, pd.DataFrame]:
    if steps is None:
        return {}
    return {key: part for key, part in steps.groupby(["agent", "episode"], sort=False)}  # noqa: C416 - GroupBy is no dict


def _episode(index: int, record: Record, rows: pd.DataFrame | None) -> dict[str, Any]:
    seed = "" if record.episode_seed is None else f" (seed {record.episode_seed})"
    shown = ("total_reward", "final_qos_total", "mean_workers", "unfinished_tasks")
    known = [(METRICS[name], record.summary[name]) for name in shown if name in record.summary]
    facts = [f"{metric.title} {metric.shown(value)}" for metric, value in known]
    number = index if record.episode is None else record.episode
    return {"label": f"{number}{seed}", "facts": ", ".join(facts), "steps": _steps(record, rows)}


def _steps(record: Record, rows: pd.DataFrame | None) -> dict[str, list[Any]]:
    """Columns from the step records where there are any, else from the lists of the record."""
    found: dict[str, list[Any]] = {"step": list(range(1, 1 + len(record.rewards)))}
    for column in COLUMNS:
        if rows is not None and column.row in rows and rows[column.row].notna().all():
            found[column.key] = _short(rows[column.row].tolist())
        elif column.record and getattr(record, column.record):
            found[column.key] = _short(getattr(record, column.record))
    if "qos_percent" in found:
        found["qos_percent"] = [100 * share for share in found["qos_percent"]]
    if rows is not None:
        terms = [name for name in rows.columns if str(name).startswith("reward_")]
        found |= {str(name): _short(rows[name].tolist()) for name in terms if rows[name].any()}
    return found


def _short(values: Sequence[Any]) -> list[Any]:
    """Six significant digits are more than a page shows."""
    return [float(f"{value:.6g}") if isinstance(value, float) else value for value in values]
