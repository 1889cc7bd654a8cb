"""The seam between a training loop and what learns in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Tensors
from autoscaling_env.policy import Policy
from autoscaling_env.types import BoolArray, FloatArray, Info, Observation


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


class BatchPolicy(Policy, Protocol):
    """A policy without memory, which can decide for many farms at once."""

    def act_batch(self, observations: NDArray[np.float32], infos: Info) -> list[int]:
        """Return, for float32[n, 9], the n actions that ``act`` would return one by one.

        Args:
            infos: of a vector environment; read, never changed.
        """
        ...


class Learner(Protocol):
    """Acts, is told what came of it, and learns; ``tests/agents/learner_contract.py`` states this as tests.

    One episode at a time (``begin``, ``step``, ``end``) or n of them at once (``..._batch``): one of the
    latter is one of the former, to the bit.
    """

    @property
    def epsilon(self) -> float:
        """Probability of a random action in the current episode."""
        ...

    def begin(self, observation: Observation) -> int:
        """Start an episode; return its first action."""
        ...

    def step(self, reward: float, observation: Observation, terminated: bool, truncated: bool) -> int:
        """Learn from what the last action brought; return the next action (not played if the episode is over).

        No value is expected after ``terminated``; ``truncated`` only cuts the record off, so the value of
        ``observation`` still counts.

        Raises:
            NotFinite: the reward or the loss is NaN or infinite.
        """
        ...

    def end(self) -> float | None:
        """Close the episode, lower epsilon; return the mean loss of its updates, or None without any."""
        ...

    def begin_batch(self, observations: NDArray[np.float32]) -> list[int]:
        """Start n episodes from float32[n, 9]; return their first actions."""
        ...

    def step_batch(
        self,
        rewards: FloatArray,
        observations: NDArray[np.float32],
        terminated: BoolArray,
        truncated: BoolArray,
        playing: BoolArray,
    ) -> list[int]:
        """Learn from what the last n actions brought; return the next.

        Args:
            playing: bool[n], the rows whose episode was not over before this step; the others mean nothing.

        Raises:
            NotFinite: a reward or the loss is NaN or infinite.
        """
        ...

    def end_batch(self) -> Sequence[float | None]:
        """Close the n episodes, lower epsilon n times; return what ``end`` would, for each."""
        ...

    def policy(self) -> BatchPolicy:
        """Return what was learned so far, without exploration; later learning does not change it."""
        ...

    def saved(self) -> tuple[Tensors, dict[str, Any]]:
        """Return everything needed to go on to the bit, between two episodes: arrays and plain JSON."""
        ...

    def restore(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``saved`` these."""
        ...
