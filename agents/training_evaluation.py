"""A policy on episodes it was never trained on, and the table of all such evaluations."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from agents.training_types import Evaluation, TrainingListener
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.rng import SEED_BOUND, episode_seeds
from autoscaling_env.rollout import EpisodeResult, play_episode

MEASURES = ("total_reward", "final_qos", "mean_workers", "scaling_actions")


def training_seed(seed: int, episode: int, reserved: frozenset[int]) -> int:
    """Return the seed of training episode ``episode`` (from 1), never one of those ``reserved`` for evaluation."""
    drawn = int(np.random.SeedSequence((seed, episode)).generate_state(1, np.uint64)[0] % SEED_BOUND)
    while drawn in reserved:
        drawn = (drawn + 1) % SEED_BOUND
    return drawn


def evaluate(
    env: OpenFaaSAutoscalingEnv,
    policy: Policy,
    *,
    checkpoint: str,
    episode: int,
    seeds: tuple[int, ...],
    listener: TrainingListener,
) -> Evaluation:
    """Play every episode of ``seeds`` without exploration."""
    rows: list[tuple[float, float, float, int]] = []
    for number, seed in enumerate(seeds, start=1):
        rows.append(_measures(env, policy, seed))
        listener.evaluation_progress(number, len(seeds))
    rewards, qos, workers, actions = zip(*rows, strict=True)
    return Evaluation(checkpoint, episode, rewards, qos, workers, actions)


def _measures(env: OpenFaaSAutoscalingEnv, policy: Policy, seed: int) -> tuple[float, float, float, int]:
    workers: list[int] = []
    changed = 0

    def on_step(observation: Any, reward: float, info: dict[str, Any]) -> None:
        nonlocal changed
        workers.append(info["requested_workers"])
        changed += info["applied_delta"] != 0

    result: EpisodeResult = play_episode(env, policy, agent="", episode=0, episode_seed=seed, on_step=on_step)
    return result.total_reward, result.final_qos, sum(workers) / len(workers), changed


def evaluation_row(evaluation: Evaluation) -> dict[str, Any]:
    """Return one entry of ``checkpoints`` in ``evaluation_metrics.json`` (docs/agents.md)."""
    lists: dict[str, Any] = {name: list(asdict(evaluation)[name]) for name in MEASURES}
    row: dict[str, Any] = {
        "checkpoint": evaluation.checkpoint,
        "episode": evaluation.episode,
        "episodes": len(evaluation.total_reward),
    }
    for name, values in lists.items():
        row[f"{name}_mean"] = float(np.mean(values))
        row[f"{name}_std"] = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return row | lists


def evaluation_of(row: dict[str, Any]) -> Evaluation:
    """Return the evaluation a row was made from."""
    return Evaluation(row["checkpoint"], row["episode"], *[tuple(row[name]) for name in MEASURES])


def evaluation_seeds(eval_seed: int, count: int) -> tuple[int, ...]:
    """Return the evaluation episodes: they depend on ``training.eval_seed`` alone."""
    return episode_seeds(eval_seed, count)
