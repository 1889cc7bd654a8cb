"""A recorded run as a policy: the same actions on the same episodes, in whatever farm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.reactive import towards
from autoscaling_env.errors import RunError
from autoscaling_env.types import Info, Observation


class Recorded:
    """Repeats the changes a run asked for, step by step; keeps when the recording has ended.

    Args:
        changes: episode seed -> the requested change of each step.
    """

    def __init__(self, changes: Mapping[int, Sequence[int]]) -> None:
        self._changes = changes

    def reset(self) -> None:
        """Nothing to forget: the step's number is in ``info``."""

    def act(self, observation: Observation, info: Info) -> int:
        """Return the recorded action of this step.

        Raises:
            RunError: this episode was not recorded.
        """
        seed = info["episode_seed"]
        if seed not in self._changes:
            raise RunError(f"episode {seed} is not in the recording")
        changes = self._changes[seed]
        return towards(changes[info["step"]] if info["step"] < len(changes) else 0, info)
