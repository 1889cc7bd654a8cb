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
from benchmarks.timing import row, show

AGENTS, EPISODES = 4, 50


def run() -> list[dict[str, Any]]:
    """Return ``{name, value, unit, ratio_to, ratio}``: seconds for 4 agents x 50 episodes x 30 steps, best of 3."""
    log = StepLog("shaped")
    base = "playing on the SimPy farm"
    seconds = {base: _seconds(lambda: _play(log))}
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
        seconds |= {name: min(_seconds(case) for _ in range(3)) for name, case in cases.items()}
    return [row(f"analysis: {name}", value, "s", base, value / seconds[base]) for name, value in seconds.items()]


def _play(log: StepLog) -> None:
    env = OpenFaaSAutoscalingEnv(backend="simpy")
    for number in range(AGENTS):
        for episode in range(EPISODES):
            policy = Static(10 + number)
            play_episode(env, policy, agent=f"static-{10 + number}", episode=episode, episode_seed=episode, log=log)


def _seconds(case: Callable[[], object]) -> float:
    begin = time.perf_counter()
    case()
    return time.perf_counter() - begin


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


if __name__ == "__main__":
    show(run())
