"""A policy on episodes it was never trained on, and the table of all such evaluations."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from agents.learner import BatchPolicy
from agents.simultaneous import Environments, Simultaneous
from agents.training.types import Evaluation, TrainingListener
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import FromActions
from autoscaling_env.rng import SEED_BOUND, episode_seeds
from autoscaling_env.rollout import play_episode
from autoscaling_env.summary import EpisodeSummary

MEASURES = ("total_reward", "final_qos", "mean_workers", "scaling_actions")


def training_seed(seed: int, episode: int, reserved: frozenset[int]) -> int:
    """Return the seed of training episode ``episode`` (from 1), never one of those ``reserved`` for evaluation."""
    drawn = int(np.random.SeedSequence((seed, episode)).generate_state(1, np.uint64)[0] % SEED_BOUND)
    while drawn in reserved:
        drawn = (drawn + 1) % SEED_BOUND
    return drawn


def evaluate(
    env: OpenFaaSAutoscalingEnv | Environments,
    policy: BatchPolicy,
    *,
    checkpoint: str,
    episode: int,
    seeds: tuple[int, ...],
    listener: TrainingListener,
    stop: threading.Event | None = None,
) -> Evaluation | None:
    """Play every episode of ``seeds`` without exploration; ``env`` may be many: the numbers are the same.

    Returns:
        What came of it; None: ``stop`` was set before the last episode.
    """
    rows: list[EpisodeSummary] = []
    for some in _at_once(env, policy, seeds) if isinstance(env, VectorEnv) else _one_by_one(env, policy, seeds):
        rows += some
        listener.evaluation_progress(len(rows), len(seeds))
        if stop is not None and stop.is_set() and len(rows) < len(seeds):
            return None
    return Evaluation(
        checkpoint,
        episode,
        total_reward=tuple(one.total_reward for one in rows),
        final_qos=tuple(one.final_qos_total for one in rows),
        mean_workers=tuple(one.mean_workers for one in rows),
        scaling_actions=tuple(one.scaling_actions for one in rows),
    )


def _at_once(env: Environments, policy: BatchPolicy, seeds: tuple[int, ...]) -> Iterator[list[EpisodeSummary]]:
    for first in range(0, len(seeds), env.num_envs):
        episodes = Simultaneous(env, seeds[first : first + env.num_envs])
        while episodes.playing.any():
            episodes.step(policy.act_batch(episodes.observations, episodes.infos))
        yield episodes.summaries()


def _one_by_one(
    env: OpenFaaSAutoscalingEnv, policy: BatchPolicy, seeds: tuple[int, ...]
) -> Iterator[list[EpisodeSummary]]:
    for seed in seeds:
        yield [play_episode(env, FromActions(policy), agent="", episode=0, episode_seed=seed).summary]


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
