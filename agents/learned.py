"""A model file as a policy: what evaluation, comparison and the live farm load. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint, Tensors, read_checkpoint
from agents.dqn_policy import load_dqn
from agents.learner import BatchPolicy
from agents.sarsa import load_sarsa
from autoscaling_env.errors import ModelError, unknown_name
from autoscaling_env.types import Info, Observation

LOADERS: dict[str, Callable[[Tensors, tuple[int, ...]], BatchPolicy]] = {"sarsa": load_sarsa, "dqn": load_dqn}


class LearnedPolicy:
    """A trained policy, which acts only where its actions mean what they meant in training.

    Attributes:
        agent: ``sarsa`` or ``dqn``.
        episodes: training episodes behind it.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint, policy: BatchPolicy) -> None:
        self.agent = checkpoint.header.agent
        self.episodes = checkpoint.header.episode
        self._path = path
        self._deltas = checkpoint.header.action_deltas
        self._policy = policy

    def reset(self) -> None:
        """Start an episode."""
        self._policy.reset()

    def act(self, observation: Observation, info: Info) -> int:
        """Return the action of the model.

        Raises:
            ModelError: the environment's actions are others than those it was trained with.
        """
        self._check(info["action_deltas"])
        return self._policy.act(observation, info)

    def act_batch(self, observations: NDArray[np.float32], infos: Info) -> list[int]:
        """Return the actions of the model, int[n] for float32[n, 9].

        Raises:
            ModelError: as ``act``.
        """
        self._check(infos["action_deltas"][0])
        return self._policy.act_batch(observations, infos)

    def _check(self, deltas: Sequence[int]) -> None:
        if list(deltas) != self._deltas:
            raise ModelError(f"{self._path}: trained with action_deltas {self._deltas}, not {list(deltas)}")


def load_policy(path: Path | str) -> LearnedPolicy:
    """Return the greedy policy of a model file.

    Raises:
        ModelError: missing, damaged, not ours, or of an agent this version does not know.
    """
    path = Path(path)
    checkpoint = read_checkpoint(path)
    header = checkpoint.header
    if "diagnostics" in header.state:
        raise ModelError(f"{path}: a dump of a batch that was not finite, not a model")
    if header.agent not in LOADERS:
        raise ModelError(f"{path}: {unknown_name('agent', header.agent, LOADERS)}")
    try:
        policy = LOADERS[header.agent](checkpoint.tensors, tuple(header.action_deltas))
    except KeyError as error:
        raise ModelError(f"{path}: lacks the array {error}; train the model again") from None
    return LearnedPolicy(path, checkpoint, policy)


def describe(path: Path | str) -> dict[str, Any]:
    """Return what a model file says about itself: agent, version, episodes, seed, configuration digest."""
    header = read_checkpoint(Path(path)).header
    return {
        "agent": header.agent,
        "schema": header.schema,
        "version": header.version,
        "episodes": header.episode,
        "planned_episodes": header.planned_episodes,
        "seed": header.seed,
        "config_sha256": header.config_sha256,
        "action_deltas": header.action_deltas,
    }
