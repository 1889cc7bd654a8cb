"""What episodes showed that one policy played, as torch learns from it: step by step, episode beside episode.

Where the arrays are is said in one place, ``Place``: what environments give is taken as it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from agents.checkpoint import Tensors


@dataclass(frozen=True, slots=True)
class Place:
    """Where rollouts are and networks compute: the memory of this machine, or of a device.

    Attributes:
        device: as torch names it.
    """

    device: str = "cpu"

    def stacked(self, arrays: Sequence[Any]) -> Tensor:
        """Return arrays of one shape as one: NumPy's, torch's, or such as lie on the device already."""
        return torch.stack([torch.as_tensor(each, device=self.device) for each in arrays])

    def tensor(self, array: Any) -> Tensor:
        """Return an array as a tensor there."""
        return torch.as_tensor(array, device=self.device)


#: The memory of this machine.
HERE = Place()


@dataclass(frozen=True, slots=True)
class Rollout:
    """T steps of n whole episodes; what comes after the end of a shorter one is 0.

    Attributes:
        observations: float32[T + 1, n, fields], before each step and after the last.
        actions: int64[T, n].
        rewards: float32[T, n], scaled and clipped.
        playing: bool[T, n], the step belongs to the episode.
        terminated: bool[n], nothing is expected after its last step; else it was cut off.
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    playing: Tensor
    terminated: Tensor

    def tensors(self) -> Tensors:
        """Return the arrays that ``of`` takes."""
        return {f"rollout.{each.name}": getattr(self, each.name).cpu().numpy() for each in fields(self)}

    @classmethod
    def of(cls, tensors: Tensors, place: Place) -> Rollout:
        """Return the rollout that ``tensors`` was taken from.

        Raises:
            KeyError: an array is missing.
        """
        return cls(*(place.tensor(tensors[f"rollout.{each.name}"].copy()) for each in fields(cls)))

    def beside(self, other: Rollout) -> Rollout:
        """Return the episodes of both."""
        steps = max(len(self.actions), len(other.actions))
        pairs = zip(self._of_length(steps), other._of_length(steps), strict=True)
        seen, actions, rewards, playing = (torch.cat(pair, dim=1) for pair in pairs)
        return Rollout(seen, actions, rewards, playing, torch.cat((self.terminated, other.terminated)))

    def _of_length(self, steps: int) -> list[Tensor]:
        more = steps - len(self.actions)
        arrays = [self.observations, self.actions, self.rewards, self.playing]
        return [pad(each, (0, 0) * (each.dim() - 1) + (0, more)) for each in arrays] if more else arrays


class Recorder:
    """Takes in n episodes step by step. What it is given it keeps, uncopied, until the end: nobody may write there."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._steps: dict[str, list[Any]] = {}

    def begin(self, observations: Any) -> None:
        """Start with what is seen first, float32[n, fields]."""
        self._steps = {"observations": [observations], "actions": [], "rewards": [], "playing": [], "terminated": []}

    def add(self, actions: Any, rewards: Any, observations: Any, playing: Any, terminated: Any) -> None:
        """Take in a step: [n] each, and what is seen after it, float32[n, fields]."""
        step = {"actions": actions, "rewards": rewards, "playing": playing, "terminated": terminated}
        for name, array in {**step, "observations": observations}.items():
            self._steps[name].append(array)

    def end(self) -> Rollout:
        """Return all of it."""
        stacked = {name: self._place.stacked(arrays) for name, arrays in self._steps.items()}
        playing, seen = stacked["playing"], stacked["observations"]
        seen[1:][~playing] = 0
        actions, rewards = (stacked[name].masked_fill(~playing, 0) for name in ("actions", "rewards"))
        ended = (stacked["terminated"] & playing).any(dim=0)
        return Rollout(seen, actions, rewards, playing, ended)
