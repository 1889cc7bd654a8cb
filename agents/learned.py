"""A model file as a policy: what evaluation, comparison and the live farm load. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint, Tensors, read_checkpoint, write_checkpoint
from agents.distilled.policy import load_distilled
from agents.dqn.policy import load_dqn
from agents.learner import BatchPolicy
from agents.libraries.sb3.policy import ALGORITHMS, PREFIX, load_sb3
from agents.ppo.policy import load_ppo
from agents.sarsa import load_sarsa
from autoscaling_env.actions import Actions
from autoscaling_env.errors import ModelError, unknown_name
from autoscaling_env.types import Info, Observation

_OURS: dict[str, Callable[[Tensors, Actions], BatchPolicy]] = {
    "sarsa": load_sarsa,
    "dqn": load_dqn,
    "ppo": load_ppo,
    "distilled": load_distilled,
}
#: What a model file may be of: our own learners, and what was trained with stable-baselines3.
LOADERS = (*_OURS, *(PREFIX + algorithm for algorithm in ALGORITHMS))

#: What a policy needs of a checkpoint; the rest is for learning on.
NEEDED = ("states", "values", "edges.", "sizes", "target", "normaliser.", "student.", "observation.", "sb3.", "ppo.")


class LearnedPolicy:
    """A trained policy, which decides only where what its actions mean can be done.

    Attributes:
        agent: which learner made it, one of ``LOADERS``.
        episodes: training episodes behind it.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint, policy: BatchPolicy) -> None:
        self.agent = checkpoint.header.agent
        self.episodes = checkpoint.header.episode
        self._path = path
        self._actions = checkpoint.header.actions
        self._policy = policy

    def reset(self) -> None:
        """Start an episode."""
        self._policy.reset()

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count that the model's action asks for.

        Raises:
            ModelError: the environment's actions cannot do what those it was trained with can.
        """
        self._check(Actions.of_info(info))
        action = self._policy.act(observation, info)
        return int(self._actions.wanted(action, info["requested_workers"]))

    def act_batch(self, observations: NDArray[np.float32], infos: Info) -> list[int]:
        """Return the actions of the model, int[n] for float32[n, 9], in environments with its own actions.

        Raises:
            ModelError: the environments' actions are others than those it was trained with.
        """
        deltas, least, most = (infos[key][0] for key in ("action_deltas", "min_workers", "max_workers"))
        theirs = Actions(tuple(deltas), int(least), int(most))
        if not _alike(theirs, self._actions):
            raise ModelError(f"{self._path}: {_trained_with(self._actions, theirs)}")
        return self._policy.act_batch(observations, infos)

    def _check(self, theirs: Actions) -> None:
        """Where actions are targets, changes can be made, too; the other way round a model would be held back."""
        changes_anywhere = bool(self._actions.deltas) and not theirs.deltas
        if not changes_anywhere and not _alike(theirs, self._actions):
            raise ModelError(f"{self._path}: {_trained_with(self._actions, theirs)}")


def _alike(one: Actions, other: Actions) -> bool:
    return one.deltas == other.deltas if one.deltas or other.deltas else one == other


def _trained_with(own: Actions, theirs: Actions) -> str:
    def named(actions: Actions) -> str:
        if actions.deltas:
            return f"action_deltas {list(actions.deltas)}"
        return f"targets from {actions.min_workers} to {actions.max_workers}"

    other = list(theirs.deltas) if own.deltas and theirs.deltas else named(theirs)
    return f"trained with {named(own)}, not {other}"


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
        policy = _policy(checkpoint)
    except KeyError as error:
        raise ModelError(f"{path}: lacks the array {error}; train the model again") from None
    except ValueError as error:
        raise ModelError(f"{path}: {error}; train the model again") from None
    return LearnedPolicy(path, checkpoint, policy)


def _policy(checkpoint: Checkpoint) -> BatchPolicy:
    header = checkpoint.header
    if header.agent in _OURS:
        return _OURS[header.agent](checkpoint.tensors, header.actions)
    return load_sb3(checkpoint)


def export_policy(source: Path, target: Path) -> None:
    """Write the policy of a checkpoint alone: a hundredth of the size, and nobody can learn on from it.

    Raises:
        ModelError: as ``load_policy``.
    """
    load_policy(source)
    checkpoint = read_checkpoint(source)
    tensors = {name: array for name, array in checkpoint.tensors.items() if name.startswith(NEEDED)}
    kept = {key: value for key, value in checkpoint.header.state.items() if key == "network"}
    header = replace(checkpoint.header, state={**kept, "policy_only": True})
    write_checkpoint(target, Checkpoint(header, tensors))
