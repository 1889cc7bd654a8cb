"""What it costs to turn a comparison into results, statistics, a picture and a report, beside playing it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from agents.reactive import Static
from analysis.aggregate import aggregate
from analysis.pairs import compare_pairs
from analysis.plots import comparison_plots
from analysis.report import write_report
from analysis.results import read_aggregated
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.records import StepLog
from autoscaling_env.rollout import play_episode

AGENTS, EPISODES = 4, 50


def run() -> list[dict[str, Any]]:
    """Return ``{name, value, unit, ratio_to, ratio}``: seconds for 4 agents x 50 episodes x 30 steps, best of 3."""
    log = StepLog("shaped")
    base = "playing on the SimPy farm"
    seconds = {base: _timed(lambda: _play(log), 1)}
    steps = log.frame()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "aggregated_results.json"
        file.write_text(json.dumps(aggregate(steps)), "utf-8")
        results = read_aggregated(file)
        steps.to_parquet(folder / "steps.parquet")
        cases: dict[str, Callable[[], object]] = {
            "aggregating": lambda: aggregate(steps),
            "reading the results": lambda: read_aggregated(file),
            "6 pairs with intervals": lambda: compare_pairs(results.episodes(), "total_reward", _rng()),
            "comparison_plots.png": lambda: comparison_plots(results, folder / "comparison_plots.png"),
            "report.html": lambda: write_report(folder, _rng()),
        }
        seconds |= {name: _timed(case, 3) for name, case in cases.items()}
    return [
        {
            "name": f"analysis: {name}",
            "value": round(value, 4),
            "unit": "s",
            "ratio_to": base,
            "ratio": round(value / seconds[base], 3),
        }
        for name, value in seconds.items()
    ]


def _play(log: StepLog) -> None:
    env = OpenFaaSAutoscalingEnv(backend="simpy")
    for number in range(AGENTS):
        for episode in range(EPISODES):
            policy = Static(10 + number)
            play_episode(env, policy, agent=f"static-{10 + number}", episode=episode, episode_seed=episode, log=log)


def _timed(case: Callable[[], object], repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        case()
        best = min(best, time.perf_counter() - start)
    return best


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:40} {row['value']:9.3f} {row['unit']}  {row['ratio']:7.3f} x {row['ratio_to']}")
