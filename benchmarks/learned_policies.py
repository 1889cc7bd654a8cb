"""What the learners are worth: trained with several seeds, evaluated on episodes none of them was trained on.

    python -m benchmarks.learned_policies [--scenarios reference,oscillating] [--agents sarsa,dqn] [--seeds 5]
                                          [--episodes 100] [--train-seed N] [--test-seed N] [--set key=value]
                                          [--json FILE]

Every policy plays the same test episodes; differences are paired by episode (mean over the training seeds first), with
95 % bootstrap intervals. The best constant is searched on training episodes. ``--train-seed`` and ``--test-seed`` take
the place of the scenario's own, so that settings found with those can be evaluated on others.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.statistics import interval
from autoscaling_env.files import atomic_write
from autoscaling_env.run_folder import RunFolder
from experiments import Setup, compare, train
from experiments.setup import place_of, training_place

RULES = ("static-best", "average", "maximum")


@dataclass(frozen=True, slots=True)
class TestEpisodes:
    """A policy on the test episodes: one value per episode."""

    reward: np.ndarray[Any, np.dtype[np.float64]]
    qos: np.ndarray[Any, np.dtype[np.float64]]


def evaluated(setup: Setup, policies: Sequence[str], episodes: int) -> dict[str, TestEpisodes]:
    """Play all test episodes with each policy."""
    table = compare(policies, setup, episodes=episodes, record_tasks=False).episodes()
    return {
        str(name): TestEpisodes(part["total_reward"].to_numpy(), part["final_qos_total"].to_numpy())
        for name, part in table.groupby("agent", sort=False)
    }


def trained(agent: str, setup: Setup, seed: int, episodes: int) -> tuple[TestEpisodes, float]:
    """Return a default training's model on the test episodes, and the training's seconds with all files."""
    with tempfile.TemporaryDirectory() as root:
        begin = time.perf_counter()
        run = train(agent, replace(setup, seed=seed), output_dir=Path(root)).result
        seconds = time.perf_counter() - begin
        seen = set(RunFolder.open(run.folder).read_json("training_metrics.json")["episodes"]["episode_seed"])
        found = compare([str(run.model)], setup, episodes=episodes, record_tasks=False).episodes()
        if seen & set(found["episode_seed"]):
            raise RuntimeError("a test episode was trained on")
        return TestEpisodes(found["total_reward"].to_numpy(), found["final_qos_total"].to_numpy()), seconds


def measure(setup: Setup, agents: Sequence[str], seeds: int, episodes: int, first: int) -> list[dict[str, Any]]:
    """Train, test and print one scenario; return its rows. ``first`` is the first training seed."""
    scenario = place_of(setup).name
    rules = evaluated(setup, RULES, episodes)
    rows = [row(scenario, name, result, {}) for name, result in rules.items()]
    for agent in agents:
        runs = [trained(agent, setup, first + seed, episodes) for seed in range(seeds)]
        rewards, qos = [np.array([getattr(run, name) for run, _ in runs]) for name in ("reward", "qos")]
        per_seed = {
            "reward_per_training_seed": rewards.mean(axis=1).round(2).tolist(),
            "qos_per_training_seed": qos.mean(axis=1).round(5).tolist(),
            "training_seconds": [round(seconds, 1) for _, seconds in runs],
        }
        rows.append(row(scenario, agent, TestEpisodes(rewards.mean(axis=0), qos.mean(axis=0)), rules) | per_seed)
        print(json.dumps({"policy": agent} | per_seed), flush=True)
    return rows


def row(scenario: str, name: str, result: TestEpisodes, rules: Mapping[str, TestEpisodes]) -> dict[str, Any]:
    """Return and print one line: means, and paired differences from the rules."""
    against = {}
    for rule, other in rules.items():
        found = interval(result.reward - other.reward, np.random.default_rng(0))
        against[rule] = [round(float(each), 2) for each in (found.estimate, found.low, found.high)]
    line = {
        "scenario": scenario,
        "policy": name,
        "reward": round(float(result.reward.mean()), 2),
        "qos": round(float(result.qos.mean()), 5),
        "against": against,
    }
    print(json.dumps(line), flush=True)
    return line


def main() -> None:
    """Parse the options, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="reference,oscillating,flash_crowd,on_off")
    parser.add_argument("--agents", default="sarsa,dqn")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--train-seed", type=int)
    parser.add_argument("--test-seed", type=int)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for scenario in given.scenarios.split(","):
        setup = Setup(scenario=scenario, assignments=tuple(given.set), seed=given.test_seed)
        own = training_place(replace(setup, seed=given.train_seed)).train_seed
        rows += measure(setup, given.agents.split(","), given.seeds, given.episodes, own)
    if given.json:
        with atomic_write(given.json) as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
