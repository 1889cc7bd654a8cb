"""Tables as plain rows: one dict per row, all with the same keys (the headings), values ready to print."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.metrics import METRICS
from analysis.pairs import Pair
from analysis.results import Results
from analysis.statistics import Interval
from autoscaling_env.observation import FIELDS

Row = dict[str, str]

SUMMARY = (
    "total_reward",
    "final_qos_total",
    "mean_workers",
    "max_workers",
    "worker_seconds",
    "scaling_actions",
    "unfinished_tasks",
)


def summary_rows(results: Results, metrics: Sequence[str] = SUMMARY) -> list[Row]:
    """Return one row per agent: mean ± population standard deviation over episodes; ``-`` where not recorded."""
    rows = []
    for name, agent in results.agents.items():
        row = {"Agent": name, "Episodes": str(len(agent.records))}
        for key in metrics:
            figure, metric = agent.summary.get(key), METRICS[key]
            row[metric.title] = f"{metric.shown(figure.mean)} ± {metric.shown(figure.std)}" if figure else "-"
        rows.append(row)
    return rows


def pair_rows(pairs: Iterable[Pair]) -> list[Row]:
    """Return one row per pair: both means, the paired difference with its 95 % interval, and what may be said."""
    return [
        {
            "Agent": pair.agent,
            "Against": pair.other,
            "Metric": METRICS[pair.metric].title,
            "Mean": METRICS[pair.metric].shown(pair.mean),
            "Other's mean": METRICS[pair.metric].shown(pair.other_mean),
            "Difference [95 % interval]": with_interval(pair.difference, pair.metric),
            "Verdict": pair.verdict,
            "P(improvement)": f"{pair.probability_of_improvement:.2f}",
            "IQM of differences [95 % interval]": with_interval(pair.iqm_difference, pair.metric),
            "Episodes": str(pair.episodes),
        }
        for pair in pairs
    ]


def regret_rows(regrets: Mapping[str, Interval], metric: str = "total_reward") -> list[Row]:
    """Return one row per agent, smallest regret first."""
    ordered = sorted(regrets.items(), key=lambda item: item[1].estimate)
    return [{"Agent": agent, "Regret [95 % interval]": with_interval(found, metric)} for agent, found in ordered]


def with_interval(value: Interval, metric: str) -> str:
    """``+1.20 [+0.30, +2.10]`` in the metric's unit; without an interval where one episode gives none."""
    factor, decimals = METRICS[metric].factor, METRICS[metric].decimals
    estimate, low, high = (f"{number * factor:+,.{decimals}f}" for number in (value.estimate, value.low, value.high))
    return estimate if math.isnan(value.low) else f"{estimate} [{low}, {high}]"


def step_row(observation: Sequence[float] | Any, reward: float, info: Mapping[str, Any]) -> Row:
    """Return one step as operators read it, from what ``env.step`` returned."""
    queues = [f"{observation[index]:.0f}" for index in range(4)]
    return {
        "Step": str(info["step"]),
        "Time [s]": f"{info['time_s']:.1f}",
        "Action": f"{info['requested_delta']:+d}" if info["requested_delta"] else "0",
        **dict(zip(("Input", "Waiting", "Results", "Output"), queues, strict=True)),
        "Workers": f"{observation[4]:.0f}",
        "QoS [%]": f"{100 * observation[8]:.1f}",
        "Mean [s]": f"{observation[5]:.2f}",
        "Max [s]": f"{observation[6]:.2f}",
        "Arrivals [1/s]": f"{observation[7]:.2f}",
        "Reward": f"{reward:+.2f}",
    }


def step_rows(steps: pd.DataFrame, agent: str, episode: int) -> list[Row]:
    """Return the steps of one episode of ``steps.parquet`` as ``step_row`` shows them."""
    part = steps[(steps["agent"] == agent) & (steps["episode"] == episode)]
    seen = part[[f"observed_{field}" for field in FIELDS]].to_numpy()
    told = zip(part["step"], part["time_s"], part["requested_delta"], strict=True)
    infos = [dict(zip(("step", "time_s", "requested_delta"), row, strict=True)) for row in told]
    return [step_row(*row) for row in zip(seen, part["reward"], infos, strict=True)]
