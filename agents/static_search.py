"""The constant worker count that earns most: the yardstick every comparison must beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.reactive import Static
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.rollout import play_episode
from autoscaling_env.types import FloatArray


def best_static(env: OpenFaaSAutoscalingEnv, seeds: Sequence[int]) -> tuple[int, float]:
    """Return the count with the highest mean total reward on the episodes ``seeds``, and that mean.

    Every count from ``min_workers`` to ``max_workers`` is tried on the first episodes; those that are
    clearly behind then drop out, by halves, until one is left (successive halving: Jamieson and Talwalkar,
    "Non-stochastic Best Arm Identification", 2016). Of equals the smaller count wins.
    """
    farm = env.config.farm
    totals = {workers: np.empty(0) for workers in range(farm.min_workers, farm.max_workers + 1)}
    rounds = max(1, (len(totals) - 1).bit_length())
    for number in range(1, rounds + 1):
        wanted = -(-len(seeds) * number // rounds)
        for workers, earned in totals.items():
            fresh = [_total(env, workers, seed) for seed in seeds[len(earned) : wanted]]
            totals[workers] = np.append(earned, fresh)
        totals = _better_half(totals) if number < rounds else totals
    best = max(totals, key=lambda workers: (totals[workers].mean(), -workers))
    return best, float(totals[best].mean())


def _total(env: OpenFaaSAutoscalingEnv, workers: int, seed: int) -> float:
    result = play_episode(env, Static(workers), agent=f"static-{workers}", episode=0, episode_seed=seed)
    return result.total_reward


def _better_half(totals: dict[int, FloatArray]) -> dict[int, FloatArray]:
    ordered = sorted(totals, key=lambda workers: (-totals[workers].mean(), workers))
    return {workers: totals[workers] for workers in sorted(ordered[: -(-len(ordered) // 2)])}
