"""Learning libraries on our environments: stable-baselines3 on the native vector environment, beside its own way."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from autoscaling_env import ENV_ID
from benchmarks.timing import Work, fastest, row, show

FARMS = 16
STEPS, BATCH, EPOCHS = 128, 512, 4
#: Rollouts in a turn of learning, and vector steps in a turn of collecting.
ROLLOUTS, COLLECTED = 2, 400
TURNS = 5
OURS, THEIRS = "native", "SubprocVecEnv"


def run() -> list[dict[str, Any]]:
    """Measure by the wall clock, the best of several turns side by side: their farms work in processes of their own."""
    from stable_baselines3.common.monitor import Monitor
    from stable_baselines3.common.vec_env import SubprocVecEnv, VecMonitor

    from agents.libraries.sb3.vec_env import make_vec_env

    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"stable_baselines3\.")
    theirs = SubprocVecEnv([_farm(Monitor) for _ in range(FARMS)], start_method="fork")
    try:
        envs = {OURS: VecMonitor(make_vec_env(n_envs=FARMS)), THEIRS: theirs}
        learning = _rates({name: _learn(env) for name, env in envs.items()})
        collecting = _rates({name: _collect(env) for name, env in envs.items()})
    finally:
        theirs.close()
    what = {f"PPO on {FARMS} farms, steps": learning, f"stable-baselines3's VecEnv, {FARMS} farms, steps": collecting}
    return [each for name, rates in what.items() for each in _rows(name, rates)]


def _rates(works: Mapping[str, Work]) -> dict[str, float]:
    return fastest(works, TURNS, time.perf_counter)


def _rows(name: str, rates: Mapping[str, float]) -> list[dict[str, Any]]:
    ratio = rates[OURS] / rates[THEIRS]
    return [
        row(f"{name}, {THEIRS} (wall)", rates[THEIRS], "1/s"),
        row(f"{name}, {OURS} (wall)", rates[OURS], "1/s", THEIRS, ratio),
    ]


def _farm(monitor: Any) -> Any:
    """Return what makes a farm as stable-baselines3's own ``make_vec_env`` does."""
    return lambda: monitor(gymnasium.make(ENV_ID))


def _learn(env: Any) -> Work:
    """Return what trains a PPO further."""
    from stable_baselines3 import PPO

    model = PPO("MlpPolicy", env, n_steps=STEPS, batch_size=BATCH, n_epochs=EPOCHS, seed=0, device="cpu")
    steps = ROLLOUTS * STEPS * FARMS

    def work() -> int:
        model.learn(steps, reset_num_timesteps=False)
        return steps

    return work


def _collect(env: Any) -> Work:
    """Return what steps the farms and does nothing else."""
    actions = np.random.default_rng(0).integers(0, env.action_space.n, (COLLECTED, FARMS))
    env.reset()

    def work() -> int:
        for chosen in actions:
            env.step(chosen)
        return actions.size

    return work


if __name__ == "__main__":
    show(run())
