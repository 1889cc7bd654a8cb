"""The planner beside the best constant and hindsight, in every scenario, on its test episodes.

    python -m benchmarks.planning [--scenarios flash_crowd,reference] [--test 10] [--jobs 2] [--no-hindsight]

The planner's history is the arrivals of the training episodes, its service model the tasks of ten of them. Differences
are paired, with 95 % intervals; regret is to hindsight (best found, not proven), in per cent of its reward.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis.statistics import Interval, interval
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.rng import episode_seeds
from autoscaling_env.rollout import play_episode
from autoscaling_env.types import FloatArray, Info, Observation
from autoscaling_env.workload import draw_episode
from experiments.planners import HISTORY, trained_planner
from simulator.search import best_static, hindsight, play_static
from workloads import make_workload
from workloads.scenarios import load_history, load_scenario, scenario_names, scenario_seeds


@dataclass(frozen=True)
class Row:
    """A scenario's line: mean rewards, the planner's paired gain over the best constant, milliseconds a decision."""

    scenario: str
    static: float
    planner: float
    hindsight: float
    gain: Interval
    median_ms: float
    p99_ms: float


def main() -> None:
    """Play, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="all")
    parser.add_argument("--test", type=int, default=10, help="episodes of each")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-hindsight", dest="hindsight", action="store_false")
    given = parser.parse_args()
    names = scenario_names() if given.scenarios == "all" else given.scenarios.split(",")
    table = Table("Scenario", "static-best", "planner", "hindsight", "gain", "regret", "of static-best", "ms", "p99")
    with ProcessPoolExecutor(given.jobs) as pool:
        for row in pool.map(partial(measured, episodes=given.test, bound=given.hindsight), names):
            regrets = [f"{1 - reward / row.hindsight:.1%}" for reward in (row.planner, row.static)]
            rewards = [f"{each:.1f}" for each in (row.static, row.planner, row.hindsight)]
            gain = f"{row.gain.estimate:+.1f} [{row.gain.low:.1f}, {row.gain.high:.1f}]"
            table.add_row(row.scenario, *rewards, gain, *regrets, f"{row.median_ms:.0f}", f"{row.p99_ms:.0f}")
    Console(width=140).print(table)


def measured(name: str, episodes: int, bound: bool) -> Row:
    """Play a scenario's test episodes."""
    config, (train_seed, test_seed) = load_scenario(name), scenario_seeds(name)
    workload, tests = make_workload(config), episode_seeds(test_seed, episodes)
    before = load_history(name)
    past = make_workload(before)
    batches = [draw_episode(workload, config.environment, seed) for seed in tests]
    count, _ = best_static(before, past, episode_seeds(train_seed, 20))
    constant = [play_static(config, each, workload.mean_service_s, np.array([count])) for each in batches]
    static = np.array([outcome.total_reward[0] for outcome in constant])
    planned, took_ms = played(config, trained_planner(before, past, episode_seeds(train_seed, HISTORY)), tests)
    best = np.full(episodes, np.nan)
    if bound:
        best = np.array([hindsight(config, each, workload.mean_service_s)[1] for each in batches])
    median_ms, p99_ms = np.quantile(took_ms, [0.5, 0.99])
    gain = interval(planned - static, np.random.default_rng(test_seed))
    return Row(name, static.mean(), planned.mean(), best.mean(), gain, float(median_ms), float(p99_ms))


class _Timed:
    """A policy whose decisions are timed."""

    def __init__(self, policy: Policy) -> None:
        self._policy, self.reset = policy, policy.reset
        self.took_ms: list[float] = []

    def decide(self, observation: Observation, info: Info) -> int:
        """Decide, and remember how long it took."""
        begin = time.perf_counter()
        wanted = self._policy.decide(observation, info)
        self.took_ms.append(1e3 * (time.perf_counter() - begin))
        return wanted


def played(config: Config, policy: Policy, seeds: tuple[int, ...]) -> tuple[FloatArray, list[float]]:
    """Return the episodes' rewards, and the milliseconds of every decision."""
    env, timed = OpenFaaSAutoscalingEnv(config=config, backend="compiled"), _Timed(policy)
    played = [play_episode(env, timed, agent="planner", episode=0, episode_seed=seed) for seed in seeds]
    return np.array([each.total_reward for each in played]), timed.took_ms


if __name__ == "__main__":
    main()
