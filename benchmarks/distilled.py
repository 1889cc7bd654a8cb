"""The planner distilled beside the planner and the best constant, on test episodes.

    python -m benchmarks.distilled [--scenarios flash_crowd,ramp] [--test 10] [--moments 2500] [--jobs 2]

A network is trained in each scenario, on as many training episodes as have so many moments (two rounds at least),
and what is kept of the planner's gain over the best constant is a ratio of means, with a 95 % interval over the test
episodes. Seconds of training are by the wall clock, each training in one process.
"""

from __future__ import annotations

import argparse
import math
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from agents.learned import load_policy
from agents.reactive import Static
from autoscaling_env.rng import episode_seeds
from autoscaling_env.types import FloatArray
from benchmarks.planning import played
from experiments import Setup, train
from experiments.planners import HISTORY, trained_planner
from simulator.search import best_static
from workloads import make_workload
from workloads.scenarios import load_history, load_scenario, scenario_seeds

SCENARIOS = "flash_crowd,slow_start,diurnal,ramp,on_off"
#: Test episodes are drawn again so many times for the interval.
RESAMPLED = 10_000


@dataclass(frozen=True)
class Row:
    """A scenario's line: mean rewards, the share of the planner's gain that is kept, and what it took."""

    scenario: str
    static: float
    planner: float
    distilled: float
    kept: float
    kept_low: float
    kept_high: float
    decision_us: float
    episodes: int
    training_s: float


def main() -> None:
    """Train, play, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default=SCENARIOS)
    parser.add_argument("--test", type=int, default=10, help="episodes of each")
    parser.add_argument("--moments", type=int, default=2500, help="about so many are labelled")
    parser.add_argument("--jobs", type=int, default=2, help="scenarios at the same time")
    parser.add_argument("--output-dir", type=Path, default=Path("runs"))
    given = parser.parse_args()
    names = given.scenarios.split(",")
    table = Table("Scenario", "static-best", "planner", "distilled", "kept", "us", "episodes", "training s")
    line = partial(measured, episodes=given.test, moments=given.moments, output_dir=given.output_dir)
    with ProcessPoolExecutor(given.jobs) as pool:
        for row in pool.map(line, names):
            rewards = [f"{each:.1f}" for each in (row.static, row.planner, row.distilled)]
            kept = f"{row.kept:.0%} [{row.kept_low:.0%}, {row.kept_high:.0%}]"
            cost = [f"{row.decision_us:.0f}", str(row.episodes), f"{row.training_s:.0f}"]
            table.add_row(row.scenario, *rewards, kept, *cost)
    Console(width=140).print(table)


def measured(name: str, episodes: int, moments: int, output_dir: Path) -> Row:
    """Train in a scenario, and play its test episodes."""
    config, (train_seed, test_seed) = load_scenario(name), scenario_seeds(name)
    before, tests = load_history(name), episode_seeds(test_seed, episodes)
    past, settings = make_workload(before), config.agents.distilled
    rounds = max(2, math.ceil(moments / (settings.round_episodes * config.environment.max_steps)))
    trained = rounds * settings.round_episodes
    begin_s = time.perf_counter()
    model = train("distilled", Setup(name, settings={"agents.distilled.episodes": trained}), output_dir=output_dir)
    training_s = time.perf_counter() - begin_s
    constant = Static(best_static(before, past, episode_seeds(train_seed, 20))[0])
    planner = trained_planner(before, past, episode_seeds(train_seed, HISTORY))
    static, planned = (played(config, policy, tests)[0] for policy in (constant, planner))
    distilled, took_ms = played(config, load_policy(model.result.model), tests)
    low, high = _interval(static, planned, distilled, np.random.default_rng(test_seed))
    means = static.mean(), planned.mean(), distilled.mean()
    kept = (means[2] - means[0]) / (means[1] - means[0])
    return Row(name, *means, kept, low, high, 1000 * float(np.median(took_ms)), trained, training_s)


def _interval(
    static: FloatArray, planned: FloatArray, distilled: FloatArray, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the 95 % interval of the share that is kept: the bootstrap's percentiles, over whole episodes."""
    rows = rng.integers(len(static), size=(RESAMPLED, len(static)))
    gain, kept = (planned - static)[rows].mean(axis=1), (distilled - static)[rows].mean(axis=1)
    low, high = np.quantile(kept / gain, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
