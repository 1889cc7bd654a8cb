"""The seam to a decision maker: every rule, every agent, and whoever else says how many workers there shall be."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from autoscaling_env.actions import wanted_workers
from autoscaling_env.types import Info, Observation


@runtime_checkable
class Policy(Protocol):
    """Decides once per step. ``autoscaling_env.testing.policy`` states this contract as tests; inherit them."""

    def reset(self) -> None:
        """Forget the episode: the next ``decide`` is the first of a new one."""
        ...

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the number of workers that are wanted, whatever the environment's actions are.

        What lies outside of the farm's bounds is clipped to them; a negative number is no count, and refused (it is
        mostly meant as a change). Where actions are changes, the one that comes nearest is taken
        (``autoscaling_env.actions``).

        Args:
            observation: 9 x float32, see ``autoscaling_env.observation.FIELDS``.
            info: the environment's documented ``info``; read, never changed.
        """
        ...


@runtime_checkable
class Explains(Protocol):
    """A policy that can say why it decided as it did."""

    def explanation(self) -> dict[str, Any] | None:
        """Return the reasons of the last decision, in what JSON holds; ``because`` is a sentence. None: there are none.

        What it says of its last decision does not change what it decides next.
        """
        ...


@runtime_checkable
class ActionPolicy(Protocol):
    """Decides in the actions of one environment, as Gymnasium's agents do."""

    def reset(self) -> None:
        """Forget the episode."""
        ...

    def act(self, observation: Observation, info: Info) -> int:
        """Return an action of the environment: an index into ``action_deltas``, or the count less ``min_workers``."""
        ...


class FromActions:
    """An action policy as a policy: the count that its action asks for."""

    def __init__(self, policy: ActionPolicy) -> None:
        self._policy = policy

    def reset(self) -> None:
        """Forget the episode."""
        self._policy.reset()

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count that the policy's action asks for."""
        return wanted_workers(self._policy.act(observation, info), info)
