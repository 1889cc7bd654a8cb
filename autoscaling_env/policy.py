"""The seam to a decision maker: every agent and every baseline."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from autoscaling_env.types import Info, Observation


@runtime_checkable
class Policy(Protocol):
    """Decides once per step. ``autoscaling_env/testing/policy.py`` states this contract as tests; inherit them."""

    def reset(self) -> None:
        """Forget the episode: the next ``act`` is the first of a new one."""
        ...

    def act(self, observation: Observation, info: Info) -> int:
        """Return an index into the environment's ``action_deltas``.

        Args:
            observation: 9 x float32, see ``autoscaling_env.observation.FIELDS``.
            info: the environment's documented ``info``; read, never changed.
        """
        ...
