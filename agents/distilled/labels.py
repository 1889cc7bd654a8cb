"""What a decision would have been worth: the planner's values, by change of the worker count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agents.planning.plans import REACHES
from autoscaling_env.actions import Actions
from autoscaling_env.policy import Policy


class Teacher(Policy, Protocol):
    """A policy that knows what else its last decision could have been, and what that promised."""

    def values(self) -> Mapping[int, float]:
        """Return the reward that each wanted count promises, those that it looked at."""
        ...


def moves_of(actions: Actions) -> Actions:
    """Return the changes that are learned: the environment's own, or where actions are targets some near and far."""
    if actions.deltas:
        return actions
    span = actions.max_workers - actions.min_workers
    reaches = [reach for reach in REACHES if reach <= span]
    changes = (*(-reach for reach in reversed(reaches)), 0, *reaches)
    return Actions(changes, actions.min_workers, actions.max_workers)


def values_of(valued: Mapping[int, float], moves: Actions, requested: int) -> NDArray[np.float32]:
    """Return float32[moves], the value of each change beside the best, 0 or less; NaN where none was looked at.

    A wanted count is the change that comes nearest to it: where only one worker may be added at a time, all that want
    more are the same, and worth what the best of them is.
    """
    values = np.full(len(moves.deltas), -np.inf)
    for wanted, value in valued.items():
        place = moves.nearest(wanted, requested)
        values[place] = max(values[place], value)
    values[np.isneginf(values)] = np.nan
    relative: NDArray[np.float32] = (values - np.nanmax(values)).astype(np.float32)
    return relative


def scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a network learns of float32[n, moves]: -log(1 + loss / scale), and NaN where it is.

    The scale is what the second best move costs in half of the moments: there it is learned to the point, while what a
    disaster costs does not drown everything else.
    """
    loss = -values.astype(np.float64)
    second = np.sort(loss, axis=1)[:, 1] if loss.shape[1] > 1 else np.zeros(0)  # NaN comes last
    scale = float(np.median(second[second > 0])) if (second > 0).any() else 1.0
    learned: NDArray[np.float32] = -np.log1p(loss / scale).astype(np.float32)
    return learned
