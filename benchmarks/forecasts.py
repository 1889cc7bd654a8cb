"""How well arrivals are foreseen in every scenario: pinball loss beside persistence, and coverage of the quantiles.

    python -m benchmarks.forecasts [--scenarios trace,ramp] [--train 100] [--test 10] [--horizon 60]

The history is the scenario's training episodes; forecasts are made at every third step of its test episodes. The folder
of recordings that are not shipped is what AUTOSCALE_DATA names; where it lacks one, its scenario is left out.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from agents.planning.forecast import ForecastScore, History, score
from autoscaling_env.config import Config
from autoscaling_env.rng import episode_seeds
from autoscaling_env.workload import draw_episode
from experiments import scenario_list
from experiments.planners import forecasters, history_of
from workloads import make_workload
from workloads.scenarios import load_history, load_scenario, scenario_seeds

SAMPLES, EVERY = 100, 3


def main() -> None:
    """Score, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="all")
    parser.add_argument("--train", type=int, default=100, help="episodes of history")
    parser.add_argument("--test", type=int, default=10, help="episodes that are foreseen")
    parser.add_argument("--horizon", type=float, default=60.0, help="seconds ahead")
    given = parser.parse_args()
    table = Table("Scenario", "Tasks a step", "Persistence", "Forecaster", "Loss", "of 5 %", "of 50 %", "of 95 %", "ms")
    for name in scenario_list(given.scenarios, print):
        configs, seeds = (load_history(name), load_scenario(name)), scenario_seeds(name)
        history, held_back = map(_history, configs, seeds, (given.train, given.test))
        horizon = max(1, round(given.horizon / history.step_s))
        _add(table, name, history, held_back, horizon)
    Console(width=140).print(table)


def _history(config: Config, seed: int, count: int) -> History:
    workload = make_workload(config)
    drawn = [draw_episode(workload, config.environment, each) for each in episode_seeds(seed, count)]
    return history_of(config, workload, drawn)


def _add(table: Table, name: str, history: History, held_back: History, horizon: int) -> None:
    """Add a scenario's rows: the loss of persistence in tasks a step, and those of the others as shares of it."""
    base: ForecastScore | None = None
    for label, forecaster in forecasters(history).items():
        begin = time.process_time()
        found = score(
            forecaster, held_back.episodes, horizon=horizon, rng=np.random.default_rng(0), samples=SAMPLES, every=EVERY
        )
        took_ms = 1e3 * (time.process_time() - begin) / found.forecasts
        base = base or found
        share = found.pinball.mean() / base.pinball.mean()
        covered = (f"{found.coverage[at]:.0%}" for at in (0, 2, 4))
        first = (name, f"{history.mean:.1f}", f"{base.pinball.mean():.2f}") if base is found else ("", "", "")
        table.add_row(*first, label, f"{share:.2f}", *covered, f"{took_ms:.1f}")


if __name__ == "__main__":
    main()
