"""stable-baselines3's PPO on sixteen farms at once, and what it learned beside the best constant.

    python examples/sb3_policy.py flash_crowd ppo.safetensors
    autoscale compare --scenarios flash_crowd --agents ppo.safetensors,keda,static-best

The farms are one native vector environment, many times as fast as processes of their own. The model file holds arrays
and JSON, no pickle, and runs without torch wherever a policy is named: in comparisons, on live farms, in `autoscale
operate`.
"""

from __future__ import annotations

import argparse

from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

from agents.libraries.sb3.trained import save_policy
from agents.libraries.sb3.vec_env import make_vec_env
from experiments import Comparison, compare
from workloads.scenarios import load_scenario, scenario


def train(name: str, target: str, steps: int, seed: int) -> None:
    """Train on a scenario's training episodes, and write the policy with what it knows of observations."""
    farms = make_vec_env(n_envs=16, seed=scenario(name).train_seed + seed, config=load_scenario(name))
    env = VecNormalize(VecMonitor(farms), gamma=0.9)
    settings = {
        "n_steps": 128,
        "batch_size": 512,
        "n_epochs": 4,
        "gamma": 0.9,
        "learning_rate": 1e-3,
    }
    model = PPO("MlpPolicy", env, device="cpu", verbose=1, **settings)
    model.set_random_seed(seed)  # of the networks: given to PPO, it would seed the farms, too
    model.learn(steps)
    save_policy(model, target)


def main(arguments: list[str] | None = None) -> Comparison:
    """Train, then compare on the scenario's test episodes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scenario")
    parser.add_argument("model", metavar="FILE.safetensors")
    parser.add_argument("--steps", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--episodes", type=int, default=20, help="test episodes")
    chosen = parser.parse_args(arguments)
    train(chosen.scenario, chosen.model, chosen.steps, chosen.seed)
    found = compare([chosen.model, "static-best"], chosen.scenario, episodes=chosen.episodes)
    print(found.table()[["total_reward", "qos_of_all_tasks", "mean_workers"]])
    for row in found.pair_rows(chosen.scenario):
        print(" ".join(row.values()))
    return found


if __name__ == "__main__":
    main()
