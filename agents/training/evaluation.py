"""A policy on episodes it was never trained on, and the table of all such evaluations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TypeAlias

import numpy as np
from gymnasium.vector import VectorEnv

from agents.learner import BatchPolicy
from agents.simultaneous import Environments, Simultaneous
from agents.training.interrupt import StopRequest
from agents.training.types import Evaluation, TrainingListener
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.rng import SEED_BOUND, episode_seeds
from autoscaling_env.rollout import EpisodeResult, play_episode

MEASURES = ("total_reward", "final_qos", "mean_workers", "scaling_actions")
#: Their values for one episode.
Measures: TypeAlias = tuple[float, float, float, int]


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
    stop: StopRequest | None = None,
) -> Evaluation | None:
    """Play every episode of ``seeds`` without exploration; ``env`` may be many: the numbers are the same.

    Returns:
        What came of it; None: ``stop`` was asked before the last episode.
    """
    rows: list[Measures] = []
    for some in _at_once(env, policy, seeds) if isinstance(env, VectorEnv) else _one_by_one(env, policy, seeds):
        rows += some
        listener.evaluation_progress(len(rows), len(seeds))
        if stop is not None and stop.asked and len(rows) < len(seeds):
            return None
    rewards, qos, workers, actions = zip(*rows, strict=True)
    return Evaluation(checkpoint, episode, rewards, qos, workers, actions)


def _at_once(env: Environments, policy: BatchPolicy, seeds: tuple[int, ...]) -> Iterator[list[Measures]]:
    for first in range(0, len(seeds), env.num_envs):
        episodes = Simultaneous(env, seeds[first : first + env.num_envs])
        while episodes.playing.any():
            episodes.step(policy.act_batch(episodes.observations, episodes.infos))
        yield [(one.total_reward, one.final_qos, one.mean_workers, one.scaling_actions) for one in episodes.played()]


def _one_by_one(env: OpenFaaSAutoscalingEnv, policy: BatchPolicy, seeds: tuple[int, ...]) -> Iterator[list[Measures]]:
    for seed in seeds:
        yield [_measures(env, policy, seed)]


def _measures(env: OpenFaaSAutoscalingEnv, policy: BatchPolicy, seed: int) -> Measures:
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
