"""What the learners are worth: trained with several seeds, judged on episodes none of them was trained on.

    python -m benchmarks.learned_policies [--scenarios reference,oscillating] [--agents sarsa,dqn] [--seeds 5]
                                          [--episodes 100] [--train-seed N] [--test-seed N] [--set key=value]
                                          [--json FILE]

Every policy plays the same test episodes; differences are paired by episode (mean over the training seeds first), with
95 % bootstrap intervals. The best constant is searched on training episodes. ``--train-seed`` and ``--test-seed`` take
the place of the scenario's own, so that settings found with those can be judged on others.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from agents.learned import load_policy
from agents.reactive import Reactive, Static
from agents.training import train
from analysis.statistics import interval
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.files import atomic_write
from autoscaling_env.plugins import make_workload
from autoscaling_env.policy import Policy
from autoscaling_env.rng import episode_seeds
from autoscaling_env.rollout import play_episode
from autoscaling_env.run_folder import RunFolder
from simulator.search import best_static
from simulator.vector_env import AutoscalingVectorEnv
from workloads.scenarios import load_scenario, scenario_seeds


@dataclass(frozen=True, slots=True)
class Played:
    """A policy on the test episodes: one value per episode."""

    reward: np.ndarray[Any, np.dtype[np.float64]]
    qos: np.ndarray[Any, np.dtype[np.float64]]


def make_env(config: Config) -> OpenFaaSAutoscalingEnv:
    """Return the simulated farm."""
    return OpenFaaSAutoscalingEnv(config=config)


def make_envs(config: Config, num_envs: int) -> AutoscalingVectorEnv:
    """Return as many that are played at once."""
    return AutoscalingVectorEnv(num_envs, config=config)


def played(config: Config, policy: Policy, seeds: Sequence[int]) -> Played:
    """Play all test episodes."""
    env = make_env(config)
    results = [play_episode(env, policy, agent="", episode=0, episode_seed=seed) for seed in seeds]
    return Played(np.array([each.total_reward for each in results]), np.array([each.final_qos for each in results]))


def baselines(config: Config, train_seed: int) -> dict[str, Policy]:
    """Return the rules the learners are held against."""
    workers, _ = best_static(config, make_workload(config), episode_seeds(train_seed, 20))
    return {
        f"static-best ({workers})": Static(workers),
        "reactive average": Reactive(config.agents.reactive, use_maximum=False),
        "reactive maximum": Reactive(config.agents.reactive, use_maximum=True),
    }


def trained(agent: str, config: Config, seed: int, tested: set[int]) -> tuple[Policy, float]:
    """Return the final policy of a default training, and its wall-clock seconds with all files."""
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder.create(Path(root), agent, datetime.now(UTC))
        begin = time.perf_counter()
        result = train(agent, config, env_factory=make_env, vector_env_factory=make_envs, seed=seed, folder=folder)
        seconds = time.perf_counter() - begin
        columns = folder.read_json("training_metrics.json")["episodes"]
        if tested & set(columns["episode_seed"]):
            raise RuntimeError("a test episode was trained on")
        return load_policy(result.model), seconds


def measure(
    scenario: str, agents: Sequence[str], seeds: int, episodes: int, sets: Sequence[str], own: Sequence[int | None]
) -> list[dict[str, Any]]:
    """Train, test and print one scenario; return its rows. ``own``: train and test seed in place of the scenario's."""
    config = load_scenario(scenario, assignments=tuple(sets))
    pairs = zip(own, scenario_seeds(scenario), strict=True)
    train_seed, test_seed = (theirs if mine is None else mine for mine, theirs in pairs)
    tests = episode_seeds(test_seed, episodes)
    rules = {name: played(config, policy, tests) for name, policy in baselines(config, train_seed).items()}
    rows = [row(scenario, name, result, {}) for name, result in rules.items()]
    for agent in agents:
        runs, seconds = [], []
        for seed in range(seeds):
            policy, took = trained(agent, config, train_seed + seed, set(tests))
            runs.append(played(config, policy, tests))
            seconds.append(took)
        mean = Played(np.mean([run.reward for run in runs], axis=0), np.mean([run.qos for run in runs], axis=0))
        per_seed = {
            "reward_per_training_seed": [round(float(run.reward.mean()), 2) for run in runs],
            "qos_per_training_seed": [round(float(run.qos.mean()), 5) for run in runs],
            "training_seconds": [round(each, 1) for each in seconds],
        }
        rows.append(row(scenario, agent, mean, rules) | per_seed)
    return rows


def row(scenario: str, name: str, result: Played, rules: dict[str, Played]) -> dict[str, Any]:
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
    own = (given.train_seed, given.test_seed)
    rows: list[dict[str, Any]] = []
    for scenario in given.scenarios.split(","):
        rows += measure(scenario, given.agents.split(","), given.seeds, given.episodes, given.set, own)
        for each in rows:
            if "training_seconds" in each and each["scenario"] == scenario:
                print(json.dumps({name: each[name] for name in each if name != "against"}), flush=True)
    if given.json:
        with atomic_write(given.json) as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
