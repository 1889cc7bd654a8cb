"""A recorded run as policies: the same decisions on the same episodes, in whatever farm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autoscaling_env.actions import Actions
from autoscaling_env.errors import RunError
from autoscaling_env.types import Info, Observation

if TYPE_CHECKING:
    import pandas as pd


class Recorded:
    """Repeats the counts a run asked for, step by step; keeps the count when the recording has ended.

    Args:
        wanted: episode seed -> the count asked for in each step.
    """

    def __init__(self, wanted: Mapping[int, Sequence[int]]) -> None:
        self._wanted = wanted

    def reset(self) -> None:
        """Nothing to forget: the step's number is in ``info``."""

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the recorded count of this step.

        Raises:
            RunError: this episode was not recorded, or the environment has no action that asks for that count.
        """
        seed, step, requested = info["episode_seed"], info["step"], int(info["requested_workers"])
        if seed not in self._wanted:
            raise RunError(f"episode {seed} is not in the recording")
        if step >= len(self._wanted[seed]):
            return requested
        wanted, actions = int(self._wanted[seed][step]), Actions.of_info(info)
        asked = int(actions.wanted(actions.nearest(wanted, requested), requested))
        bounds = actions.min_workers, actions.max_workers
        if _within(asked, bounds) != _within(wanted, bounds):
            raise RunError(
                f"episode {seed}, step {step + 1}: the recording goes from {requested} to {wanted} workers, which no "
                f"action of {list(actions.deltas)} does; replay it with --set environment.action=target"
            )
        return wanted


def recorded_policies(steps: pd.DataFrame) -> dict[str, Recorded]:
    """Return the policies of a run by their names, from the rows of its ``steps.parquet``."""
    return {str(agent): Recorded(_wanted(part)) for agent, part in steps.groupby("agent", sort=False)}


def _wanted(steps: pd.DataFrame) -> dict[int, list[int]]:
    """Return the count asked for in each step: what was requested before it, and the change asked for."""
    asked = steps["requested_workers"] - steps["applied_delta"] + steps["requested_delta"]
    by_episode: dict[Any, pd.Series[Any]] = dict(iter(asked.groupby(steps["episode_seed"])))
    return {int(seed): part.tolist() for seed, part in by_episode.items()}


def _within(count: int, bounds: tuple[int, int]) -> int:
    return min(max(count, bounds[0]), bounds[1])
