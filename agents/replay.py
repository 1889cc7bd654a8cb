"""The transitions a DQN learns from: a ring of preallocated arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Tensors
from autoscaling_env.types import BoolArray

#: Transitions there is room for at first.
FIRST_ROOM = 4096


@dataclass(frozen=True, slots=True)
class Batch:
    """Transitions, one per row.

    Attributes:
        pairs: float32[n, 2, features], before and after the action.
        actions: int64[n].
        rewards: float32[n].
        goes_on: float32[n], 0 where the episode terminated, else 1: also where it was truncated.
    """

    pairs: NDArray[np.float32]
    actions: NDArray[np.int64]
    rewards: NDArray[np.float32]
    goes_on: NDArray[np.float32]

    def tensors(self) -> Tensors:
        """Return the arrays by name."""
        return {"pairs": self.pairs, "actions": self.actions, "rewards": self.rewards, "goes_on": self.goes_on}

    def part(self, rows: BoolArray | slice) -> Batch:
        """Return the transitions of a mask or a slice."""
        return Batch(self.pairs[rows], self.actions[rows], self.rewards[rows], self.goes_on[rows])


class Replay:
    """Remembers the last ``capacity`` transitions; memory grows with what is in it, not with the capacity."""

    def __init__(self, capacity: int, features: int) -> None:
        self._capacity = capacity
        self.added = 0
        self._rows = _empty(min(capacity, FIRST_ROOM), features)

    def __len__(self) -> int:
        return min(self.added, self._capacity)

    def add(self, added: Batch) -> None:
        """Remember transitions, in order, in place of the oldest."""
        number = len(added.actions)
        self._make_room(min(self.added + number, self._capacity))
        places = np.arange(self.added, self.added + number) % self._capacity
        for name, rows in self._rows.tensors().items():
            rows[places] = added.tensors()[name]
        self.added += number

    def sample(self, size: int, rng: np.random.Generator) -> Batch:
        """Draw ``size`` transitions with replacement."""
        return self._at(rng.integers(len(self), size=size))

    def state_dict(self) -> Tensors:
        """Return the arrays ``load_state_dict`` takes."""
        tensors = {f"replay.{name}": rows for name, rows in self._at(slice(len(self))).tensors().items()}
        return tensors | {"replay.added": np.array([self.added], dtype=np.int64)}

    def load_state_dict(self, tensors: Tensors) -> None:
        """Become the replay that ``state_dict`` was taken from."""
        self.added = int(tensors["replay.added"][0])
        self._make_room(len(self))
        for name, rows in self._rows.tensors().items():
            rows[: len(self)] = tensors[f"replay.{name}"]

    def _at(self, where: Any) -> Batch:
        rows = self._rows
        return Batch(rows.pairs[where], rows.actions[where], rows.rewards[where], rows.goes_on[where])

    def _make_room(self, needed: int) -> None:
        room = len(self._rows.actions)
        if needed <= room:
            return
        smaller = self._rows
        self._rows = _empty(min(max(needed, 2 * room), self._capacity), smaller.pairs.shape[2])
        for name, rows in self._rows.tensors().items():
            rows[:room] = smaller.tensors()[name]


def _empty(room: int, features: int) -> Batch:
    return Batch(
        np.empty((room, 2, features), dtype=np.float32),
        np.empty(room, dtype=np.int64),
        np.empty(room, dtype=np.float32),
        np.empty(room, dtype=np.float32),
    )
