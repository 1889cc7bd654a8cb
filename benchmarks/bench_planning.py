"""What a decision of the planner costs, and how that grows with workers and load, the horizon, and futures."""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.planning.planner import Effort
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.rng import episode_seeds
from autoscaling_env.rollout import play_episode
from autoscaling_env.settings import with_overrides
from benchmarks.planning import Timed
from benchmarks.timing import row
from experiments.planners import trained_planner
from workloads import make_workload
from workloads.scenarios import load_scenario

STEPS, EPISODES, HISTORY = 60, 2, 20
#: Workers at most, and how many times the tasks of ``flash_crowd``, whose crowd is 100 tasks a step.
SIZES = ((64, 0.5), (128, 4.5), (500, 19.5))
HORIZONS, FUTURES = (8, 16, 32), (8, 16, 32)


def run() -> list[dict[str, Any]]:
    """Measure: milliseconds of one core a decision, every size as its actions are targets."""
    rows = []
    base = decided_ms(config_of(*SIZES[0]), Effort())
    for workers, times in SIZES:
        config = config_of(workers, times)
        took_ms = decided_ms(config, Effort())
        tasks = f"{peak(config):,.0f} tasks a step"
        for name, level in (("half of them", 0.5), ("99 in 100", 0.99)):
            value, first = float(np.quantile(took_ms, level)), float(np.quantile(base, level))
            rows.append(
                row(
                    f"a decision, {workers} workers, up to {tasks}: {name} below",
                    value,
                    "ms",
                    "64 workers",
                    value / first,
                )
            )
    config, median = config_of(*SIZES[0]), float(np.median(base))
    for steps in HORIZONS:
        value = float(np.median(decided_ms(config, Effort(horizon=steps))))
        rows.append(row(f"a decision, horizon of {steps} steps", value, "ms", "16 steps", value / median))
    for futures in FUTURES:
        value = float(np.median(decided_ms(config, Effort(futures=futures, tasks=10**9))))
        rows.append(row(f"a decision, {futures} futures", value, "ms", "16 futures", value / median))
    return rows


def config_of(workers: int, times: float) -> Config:
    """Return flash_crowd with so many workers at most, asked for at once, and so many times its tasks."""
    config = load_scenario("flash_crowd")
    changed = {
        "farm.max_workers": workers,
        "environment.action": "target",
        "environment.max_steps": STEPS,
        "workload.base_rate_per_min": times * config.workload.base_rate_per_min,
    }
    return with_overrides(config, changed)


def peak(config: Config) -> float:
    """Return the tasks of the busiest step of an episode."""
    at_s = make_workload(config).draw(1).arrival_s
    return float(np.bincount((at_s / config.environment.step_duration_s).astype(np.int64)).max())


def decided_ms(config: Config, effort: Effort) -> list[float]:
    """Return the milliseconds of every decision of some episodes, after one to warm up."""
    policy = trained_planner(config, make_workload(config), episode_seeds(1, HISTORY), effort)
    env, timed = OpenFaaSAutoscalingEnv(config=config, backend="compiled"), Timed(policy)
    for episode, seed in enumerate(episode_seeds(2, 1 + EPISODES)):
        if episode == 1:
            timed.took_ms.clear()
        play_episode(env, timed, agent="planner", episode=episode, episode_seed=seed)
    return timed.took_ms
