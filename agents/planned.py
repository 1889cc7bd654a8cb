"""A plan made before the episode begins, by someone who knows its tasks: the hindsight bound as a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autoscaling_env.actions import wanted_workers
from autoscaling_env.types import Info, Observation

#: Episode seed -> the action of each step.
Planner = Callable[[int], Sequence[int]]


class Planned:
    """Plays what the planner says for the episode; keeps the count when the plan has ended."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._plan: Sequence[int] = ()

    def reset(self) -> None:
        """Forget the plan."""
        self._plan = ()

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count that the planned action asks for; the plan is made at the first step."""
        if info["step"] == 0:
            self._plan = self._planner(info["episode_seed"])
        if info["step"] >= len(self._plan):
            return int(info["requested_workers"])
        return wanted_workers(int(self._plan[info["step"]]), info)
