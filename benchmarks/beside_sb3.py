"""Our PPO beside stable-baselines3's: as many steps on the native vector environment, the same test episodes.

    python -m benchmarks.beside_sb3 [--scenarios flash_crowd] [--seeds 2] [--first 2] [--episodes 100] [--budget 1]

Both train for the steps of our default training times the budget, with the same widths, discount, lambda, clip, epochs,
batch, entropy and learning rate, which falls linearly (entropy is worth less and less in ours, always as much in
theirs); of each the best of ``CHECKPOINTS`` by the same evaluation episodes plays, by its most probable action. Theirs
sees and earns through ``VecNormalize`` and collects 128 steps of 16 farms; ours has log(1 + x), clipped rewards and 16
whole episodes. The first training seed is the third of the scenario: ours was tuned on two. CPU seconds are of a whole
training: ours with files and records, both with evaluations.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from agents.learned import LearnedPolicy, load_policy
from agents.training.evaluation import evaluation_seeds
from autoscaling_env.config import Config
from autoscaling_env.rng import episode_seeds
from benchmarks.learners import CHECKPOINTS, settings
from benchmarks.learning import played
from benchmarks.results import markdown
from experiments import Setup, train
from experiments.setup import place_of, training_place

FARMS, STEPS = 16, 128


def main() -> None:
    """Train, play, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="flash_crowd")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=2, help="place of the first training seed")
    parser.add_argument("--episodes", type=int, default=100, help="test episodes")
    parser.add_argument("--budget", type=float, default=1.0)
    given = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"stable_baselines3\.")
    rows = []
    for scenario in given.scenarios.split(","):
        for seed in range(given.first, given.first + given.seeds):
            for name, figures in beside(scenario, seed, given.budget, given.episodes).items():
                rows.append([scenario, str(seed), name, *figures])
                print(rows[-1], flush=True)
    print(markdown(["scenario", "training seed", "PPO", "steps", "mean return", "CPU s"], rows))


def beside(scenario: str, seed: int, budget: float, episodes: int) -> dict[str, list[str]]:
    """Return steps, mean return and CPU seconds of both."""
    setup, place = Setup(scenario), place_of(Setup(scenario))
    own, seeds = training_place(setup).train_seed + seed, episode_seeds(place.test_seed, episodes)
    (ours_, steps, seconds), found = ours(setup, own, budget), {}
    found["ours"] = [f"{steps:,}", f"{played(place.config, ours_, seeds).mean():,.1f}", f"{seconds:.0f}"]
    their, seconds = theirs(training_place(setup).config, own, steps)
    found["stable-baselines3's"] = [f"{steps:,}", f"{played(place.config, their, seeds).mean():,.1f}", f"{seconds:.0f}"]
    return found


def ours(setup: Setup, seed: int, budget: float) -> tuple[LearnedPolicy, int, float]:
    """Return what ours learned, its steps and CPU seconds."""
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as root:
        where = Setup(setup.scenario, settings=settings("ppo", budget), seed=seed)
        result = train("ppo", where, output_dir=Path(root)).result
        lines = json.loads((result.folder / "training_metrics.json").read_text())["episodes"]
        return load_policy(result.model), sum(lines["steps"]), time.process_time() - begin


def theirs(config: Config, seed: int, steps: int) -> tuple[LearnedPolicy, float]:
    """Return what theirs learned, and its CPU seconds."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.vec_env import VecNormalize

    from agents.libraries.sb3.trained import save_policy
    from agents.libraries.sb3.vec_env import make_vec_env

    own, training = config.agents.ppo, config.agents.training
    seeds = evaluation_seeds(training.eval_seed, training.eval_episodes)

    class Best(BaseCallback):
        """Keeps the best checkpoint."""

        best: LearnedPolicy | None = None
        returned, due = -float("inf"), 1

        def _on_step(self) -> bool:
            return True

        def _on_rollout_start(self) -> None:
            if self.num_timesteps * CHECKPOINTS >= self.due * steps:
                self.due += 1
                self.look()

        def look(self) -> None:
            with tempfile.TemporaryDirectory() as root:
                file = Path(root) / "model.safetensors"
                save_policy(self.model, file, config)
                policy = load_policy(file)
            if (mean := float(played(config, policy, seeds).mean())) > self.returned:
                self.best, self.returned = policy, mean

    torch.set_num_threads(1)  # as ours
    begin, best = time.process_time(), Best()
    envs = VecNormalize(make_vec_env(n_envs=FARMS, seed=seed % 2**31, config=config), gamma=own.gamma)
    fixed: dict[str, Any] = {"device": "cpu", "seed": seed % 2**31, "policy_kwargs": {"net_arch": [*own.hidden_layers]}}
    model = PPO(
        "MlpPolicy",
        envs,
        learning_rate=lambda left: own.learning_rate * left,
        n_steps=STEPS,
        batch_size=own.batch_size,
        n_epochs=own.epochs,
        gamma=own.gamma,
        gae_lambda=own.gae_lambda,
        clip_range=own.clip,
        ent_coef=own.entropy,
        **fixed,
    )
    model.learn(steps, callback=best)
    best.look()
    assert best.best is not None  # noqa: S101 - it has just looked
    return best.best, time.process_time() - begin


if __name__ == "__main__":
    main()
