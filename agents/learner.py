"""The seam between a training loop and what learns in it."""

from __future__ import annotations

from typing import Any, Protocol

from agents.checkpoint import Tensors
from autoscaling_env.policy import Policy
from autoscaling_env.types import Observation


class NotFinite(Exception):  # noqa: N818 - caught by the training loop, which raises the error users see
    """A reward or a loss became NaN or infinite.

    Attributes:
        what: ``reward`` or ``loss``.
        tensors: the transitions it came from.
    """

    def __init__(self, what: str, tensors: Tensors) -> None:
        super().__init__(what)
        self.what = what
        self.tensors = tensors


class Learner(Protocol):
    """Acts, is told what came of it, and learns; ``tests/agents/learner_contract.py`` states this as tests."""

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

    def policy(self) -> Policy:
        """Return what was learned so far, without exploration; later learning does not change it."""
        ...

    def saved(self) -> tuple[Tensors, dict[str, Any]]:
        """Return everything needed to go on to the bit, between two episodes: arrays and plain JSON."""
        ...

    def restore(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``saved`` these."""
        ...
