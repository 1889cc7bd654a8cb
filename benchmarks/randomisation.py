"""What domain randomisation buys: trained on a belief, with and without it, and played where the belief is wrong.

    python -m benchmarks.randomisation [--scenarios flash_crowd,slow_start] [--agent dqn] [--seeds 3] [--episodes N]
                                       [--low 0.5] [--high 2] [--objective cost] [--test 20] [--truth] [--jobs 2]

A learner trains in the scenario as it is declared; and as it is declared but with ``farm.startup`` and
``workload.service`` stretched by a factor drawn for every episode (log-uniform from ``--low`` to ``--high``, each its
own); with ``--truth`` on the truth itself, too, which nobody has. Played are test episodes of farms whose start-up and
service times are 1 / 1.5, 1 and 1.5 times what was declared. The best constant is searched on the belief, and on the
truth. Mean returns, with the standard deviation over training seeds.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

import numpy as np

from autoscaling_env.config import Config
from autoscaling_env.config.randomizing import with_value
from autoscaling_env.rng import TRAINING_SALT
from autoscaling_env.settings import with_overrides
from benchmarks.learning import played, spread, trained, unseen
from benchmarks.results import markdown
from experiments.setup import Setup, place_of, training_place
from simulator.search import best_static, play_static
from workloads import make_workload

#: How many times what is believed start-up and service take.
TRUTHS = (1 / 1.5, 1.0, 1.5)
STRETCHED = ("farm.startup", "workload.service")
SEARCHED = 20
BELIEF, RANDOMISED = "belief", "randomised"
HEAD = (
    "scenario",
    "truth",
    "trained on the belief",
    "randomised",
    "on the truth",
    "constant of the belief",
    "of the truth",
)


def main() -> None:
    """Train, play, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="flash_crowd,slow_start")
    parser.add_argument("--agent", default="dqn")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--episodes", type=int, help="training episodes; by default the agent's own")
    parser.add_argument("--low", type=float, default=0.5)
    parser.add_argument("--high", type=float, default=2.0)
    parser.add_argument("--objective", default="cost")
    parser.add_argument("--test", type=int, default=20, help="episodes of each truth")
    parser.add_argument("--truth", action="store_true", help="train on the truth, too")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    draw = {"kind": "log_uniform", "low": given.low, "high": given.high, "relative": True}
    draws = {"randomize": dict.fromkeys(STRETCHED, draw)}
    with ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        rows = [row for name in given.scenarios.split(",") for row in table(name, draws, given, pool)]
    print(markdown(HEAD, rows))


def table(name: str, draws: Mapping[str, Any], given: argparse.Namespace, pool: Executor) -> list[list[str]]:
    """Return the rows of a scenario."""
    believed = place_of(Setup(scenario=name)).config
    worlds = {truth: stretched(believed, truth) for truth in TRUTHS}
    kinds: dict[Any, Mapping[str, Any]] = {BELIEF: {}, RANDOMISED: draws}
    if given.truth:
        kinds |= {truth: world for truth, world in worlds.items() if truth != 1.0}
    jobs = {
        (kind, seed): pool.submit(
            returns, given.agent, name, seed, given.episodes, settings, given.objective, given.test
        )
        for kind, settings in kinds.items()
        for seed in range(given.seeds)
    }
    rows = []
    for place, (truth, world) in enumerate(worlds.items()):
        earned = {kind: [jobs[kind, seed].result()[place] for seed in range(given.seeds)] for kind in kinds}
        constants = [constant(name, settings, world, given.objective, given.test) for settings in ({}, world)]
        best = earned[BELIEF] if truth == 1.0 else earned.get(truth, [])
        cells = [spread(earned[BELIEF]), spread(earned[RANDOMISED]), spread(best) if best else "-"]
        rows.append([name, f"x {truth:.2f}", *cells, *(f"{value:.1f}" for value in constants)])
    return rows


def stretched(config: Config, factor: float) -> dict[str, Any]:
    """Return the settings of a farm whose start-up and service times are so many times those declared."""
    workload, farm = with_value(config.workload, ["service"], factor), with_value(config.farm, ["startup"], factor)
    return {
        "farm.startup": farm.startup.model_dump(mode="json"),
        "workload.service": workload.service.model_dump(mode="json"),
    }


def returns(
    agent: str, name: str, seed: int, episodes: int | None, settings: Mapping[str, Any], objective: str, test: int
) -> list[float]:
    """Return what a learner earns on average in every truth, trained with these settings."""
    setup = Setup(scenario=name)
    first, place = training_place(setup).train_seed, place_of(setup, {"reward.objective": objective})
    policy = trained(agent, name, first + seed, episodes, settings)
    seeds = unseen(place.test_seed, test)
    worlds = [with_overrides(place.config, stretched(place.config, truth)) for truth in TRUTHS]
    return [float(played(world, policy, seeds).mean()) for world in worlds]


def constant(name: str, believed: Mapping[str, Any], truth: Mapping[str, Any], objective: str, test: int) -> float:
    """Return what the constant that is best on training episodes of a belief earns in the truth."""
    money = {"reward.objective": objective}
    place = place_of(Setup(scenario=name), {**money, **believed})
    count, _ = best_static(
        place.config, make_workload(place.config), unseen(place.train_seed + TRAINING_SALT, SEARCHED)
    )
    config = with_overrides(place_of(Setup(scenario=name), money).config, truth)
    workload = make_workload(config)
    earned = [
        play_static(config, workload.draw(seed), workload.mean_service_s, np.array([count])).total_reward[0]
        for seed in unseen(place.test_seed, test)
    ]
    return float(np.mean(earned))


if __name__ == "__main__":
    main()
