"""The seam between a training loop and what learns in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Tensors
from autoscaling_env.policy import ActionPolicy
from autoscaling_env.types import BoolArray, FloatArray, Info


class NotFinite(Exception):  # noqa: N818 - caught by the training loop, which raises the error users see
    """A reward or a loss became NaN or infinite.

    Attributes:
        what: ``reward`` or ``loss``.
        tensors: the transitions it came from.
        row: of the episode, where several are played at once.
    """

    def __init__(self, what: str, tensors: Tensors, row: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.tensors = tensors
        self.row = row


class BatchPolicy(ActionPolicy, Protocol):
    """An action policy that can act for many farms at once; what it remembers of an episode begins at its step 0."""

    def act_batch(self, observations: NDArray[np.float32], infos: Info) -> list[int]:
        """Return, for float32[n, 9], the n actions that ``act`` would return one by one.

        Args:
            infos: of a vector environment; read, never changed.
        """
        ...


def scaled_rewards(
    rewards: FloatArray, observations: NDArray[np.float32], playing: BoolArray, scale: float, limit: float
) -> NDArray[np.float32]:
    """Return float32[n], what networks learn from: rewards times ``scale``, clipped at ``limit`` both ways.

    Args:
        rewards, observations, playing: as ``Learner.step`` has them.

    Raises:
        NotFinite: a reward of a row that is playing is NaN or infinite.
    """
    broken = np.flatnonzero(playing & ~np.isfinite(rewards))
    if len(broken):
        tensors = {"observation": observations[broken[0]], "reward": rewards[broken[:1]]}
        raise NotFinite("reward", tensors, int(broken[0]))
    return np.clip(rewards * scale, -limit, limit).astype(np.float32)


class Learner(Protocol):
    """Acts in n episodes at once, learns from what comes of it; ``tests/agents/learner_contract.py`` has the tests."""

    @property
    def epsilon(self) -> float:
        """Probability of a random action in the current episodes."""
        ...

    def begin(self, observations: NDArray[np.float32]) -> list[int]:
        """Start n episodes from float32[n, 9]; return their first actions."""
        ...

    def step(
        self,
        rewards: FloatArray,
        observations: NDArray[np.float32],
        terminated: BoolArray,
        truncated: BoolArray,
        playing: BoolArray,
    ) -> list[int]:
        """Learn from what the last n actions brought; return the next (not played where an episode is over).

        No value is expected after ``terminated``; ``truncated`` only cuts the record off, so the value of the
        observation still counts.

        Args:
            rewards: float64[n].
            observations: float32[n, 9].
            terminated: bool[n].
            truncated: bool[n].
            playing: bool[n], the rows whose episode was not over before this step; the others mean nothing.

        Raises:
            NotFinite: a reward or the loss is NaN or infinite.
        """
        ...

    def end(self) -> Sequence[float | None]:
        """Close the n episodes, lower epsilon n times; return the mean loss of each one's updates, None without."""
        ...

    def policy(self) -> BatchPolicy:
        """Return what was learned so far, without exploration; later learning does not change it."""
        ...

    def state_dict(self) -> tuple[Tensors, dict[str, Any]]:
        """Return everything needed to go on to the bit, between two episodes: arrays and plain JSON."""
        ...

    def load_state_dict(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``state_dict`` was taken from."""
        ...


@runtime_checkable
class OnPolicy(Learner, Protocol):
    """Learns from episodes that its present policy played, and then forgets them.

    Each episode is the same however many are played at once, and so is what is learned.
    """

    @property
    def left(self) -> int:
        """Episodes until it learns next: more at once would be played by what it was before."""
        ...
