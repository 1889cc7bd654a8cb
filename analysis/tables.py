"""Tables as plain rows: one dict per row, all with the same keys (the headings), values ready to print."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
    seen = dict(zip(FIELDS, observation, strict=True))
    return {
        "Step": str(info["step"]),
        "Time [s]": f"{info['time_s']:.1f}",
        "Action": f"{info['requested_delta']:+d}" if info["requested_delta"] else "0",
        "Input": f"{seen['input_queue']:.0f}",
        "Waiting": f"{seen['worker_queue']:.0f}",
        "Results": f"{seen['result_queue']:.0f}",
        "Output": f"{seen['output_queue']:.0f}",
        "Workers": f"{seen['workers']:.0f}",
        "QoS [%]": f"{100 * seen['qos_rate']:.1f}",
        "Mean [s]": f"{seen['avg_processing_time']:.2f}",
        "Max [s]": f"{seen['max_processing_time']:.2f}",
        "Arrivals [1/s]": f"{seen['arrival_rate']:.2f}",
        "Reward": f"{reward:+.2f}",
    }
