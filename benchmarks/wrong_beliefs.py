"""The planner where what it believes is wrong: work, start-up and load off by half, or a history of something else.

    python -m benchmarks.wrong_beliefs [--test 10] [--scenarios flash_crowd,slow_start,reference] [--jobs 2]

The first table has mean rewards of a scenario's test episodes where one belief is 1.5 times too high or too low,
learning and not. The second has the planner with a wrong history, or with none, beside a planner that only knows that
the rate stays and the best of the industry's rules, all under the shaped reward and one worker a step.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table

from agents.autoscalers import INDUSTRY
from agents.planning.forecast import Persistence
from agents.planning.past import Past
from agents.planning.planner import sampled_startup
from autoscaling_env.rng import episode_seeds
from autoscaling_env.workload import draw_episode
from benchmarks.planning import played
from experiments import Setup, compare
from experiments.planners import HISTORY, drawn_past, planner_of
from simulator.search import hindsight
from workloads import make_workload
from workloads.scenarios import load_history, load_scenario, scenario_seeds

#: What is believed, and how many times the truth.
BELIEFS = [("right", 1.0), *((what, off) for what in ("work", "start-up", "load") for off in (1.5, 1 / 1.5))]
#: Scenarios whose history is of another level or another shape, and one that is played without any.
HISTORIES = ("above_history", "below_history", "unseen")
SCENARIOS = ("flash_crowd", "slow_start", "reference")


def main() -> None:
    """Play, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--test", type=int, default=10, help="episodes of each")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    names = given.scenarios.split(",")
    with ProcessPoolExecutor(given.jobs) as pool:
        for table in (beliefs(names, given.test, pool), histories(names, given.test, pool)):
            Console(width=140).print(table)


def beliefs(names: list[str], test: int, pool: Executor) -> Table:
    """Return the table of wrong beliefs: learning / not learning."""
    table = Table("Believed", *names)
    found = {
        (name, *belief, learns): pool.submit(believing, name, *belief, learns, test)
        for name in names
        for belief in BELIEFS
        for learns in (True, False)
    }
    for what, off in BELIEFS:
        both = ([found[name, what, off, learns].result() for learns in (True, False)] for name in names)
        table.add_row(
            what if off == 1 else f"{what} x {off:.2f}", *(f"{learning:.1f} / {not_:.1f}" for learning, not_ in both)
        )
    return table


def believing(name: str, what: str, off: float, learns: bool, test: int) -> float:
    """Return the mean reward of a planner that believes of one thing so many times the truth."""
    config, (train_seed, test_seed) = load_scenario(name), scenario_seeds(name)
    workload = make_workload(config)
    past = drawn_past(config, workload, episode_seeds(train_seed, HISTORY))
    startup_s = sampled_startup(config.farm.startup.sample) * (off if what == "start-up" else 1.0)
    if what == "work" and past.tasks is not None:
        past = replace(past, tasks=replace(past.tasks, service_s=off * past.tasks.service_s))
    if what == "load":
        loads = tuple((off * episode).round().astype(np.int64) for episode in past.history.episodes)
        past = Past(replace(past.history, episodes=loads), past.tasks)
    planner = planner_of(config, workload, past, startup_s=startup_s, learns=learns)
    rewards, _ = played(config, planner, episode_seeds(test_seed, test))
    return float(rewards.mean())


def histories(names: list[str], test: int, pool: Executor) -> Table:
    """Return the table of wrong histories; the scenarios ``names`` are played without one."""
    table = Table("Scenario", "History", "planner", "only persistence", "best rule", "hindsight", "below the better")
    cases = [(name, True) for name in HISTORIES] + [(name, False) for name in names]
    for row in pool.map(misled, *zip(*cases, strict=True), [test] * len(cases)):
        table.add_row(*row)
    return table


def misled(name: str, history: bool, test: int) -> list[str]:
    """Return a line of that table."""
    config, (train_seed, test_seed) = load_scenario(name), scenario_seeds(name)
    before, workload, tests = load_history(name), make_workload(config), episode_seeds(test_seed, test)
    past = drawn_past(before, make_workload(before), episode_seeds(train_seed, HISTORY))
    persisting = planner_of(config, workload, past, forecaster=Persistence(past.history.mean))
    persistence = played(config, persisting, tests)[0].mean()
    planner = played(config, planner_of(config, workload, past), tests)[0].mean() if history else persistence
    rule, reward = max(rules(name, test), key=lambda pair: pair[1])
    batches = [draw_episode(workload, config.environment, seed) for seed in tests]
    best = float(np.mean([hindsight(config, each, workload.mean_service_s)[1] for each in batches]))
    short = (max(persistence, reward) - planner) / best
    told = "as the scenario says" if history else "none"
    return [name, told, f"{planner:.1f}", f"{persistence:.1f}", f"{reward:.1f} ({rule})", f"{best:.1f}", f"{short:.1%}"]


def rules(name: str, test: int) -> Iterator[tuple[str, float]]:
    """Yield the industry's rules and what they earn."""
    found = compare(tuple(INDUSTRY), Setup(scenario=name), episodes=test, engine="compiled", record_tasks=False)
    for rule, reward in found.episodes().groupby("agent")["total_reward"].mean().items():
        yield str(rule), float(reward)


if __name__ == "__main__":
    main()
