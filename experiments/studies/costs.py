"""What a cell is likely to cost, from those that are finished, else from what such cells cost elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from experiments.studies.cells import Cell

#: Core-seconds of an episode where nothing like it was run yet, by kind and policy; measured with the default farm.
EPISODE_S: Mapping[tuple[str, str], float] = {
    ("train", "sarsa"): 0.05,
    ("train", "dqn"): 0.3,
    ("train", "distilled"): 2.0,
    ("evaluate", "hindsight"): 5.0,
    ("evaluate", "planner"): 5.0,
}
#: Of any other.
OTHER_S = {"train": 0.3, "evaluate": 0.05}
#: Core-seconds that a cell costs whatever it plays.
BEGINNING_S = 0.1
#: Finished cells of a likeness that are remembered, the newest.
REMEMBERED = 99


class Costs:
    """Core-seconds of cells: the median of finished ones that are alike, the more alike the better."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, ...], deque[float]] = {}

    def add(self, cell: Cell, elapsed_s: float) -> None:
        """Take in a finished cell."""
        for key in _likenesses(cell):
            self._seen.setdefault(key, deque(maxlen=REMEMBERED)).append(elapsed_s / _size(cell))

    def of(self, cell: Cell) -> float:
        """Return what a cell is likely to cost, core-seconds."""
        known = next((self._seen[key] for key in _likenesses(cell) if key in self._seen), None)
        if known is not None:
            return median(known) * _size(cell)
        each_s = EPISODE_S.get((cell.kind, cell.policy), OTHER_S[cell.kind])
        return BEGINNING_S + each_s * _size(cell)

    @property
    def measured(self) -> bool:
        """Whether any finished cell is known."""
        return bool(self._seen)


class Remaining:
    """Cells that are still to be finished, counted by what they are like, so that many cost no more to add up."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._groups: dict[tuple[str, ...], tuple[Cell, int]] = {}
        for cell in cells:
            self._count(cell, 1)

    def remove(self, cell: Cell) -> None:
        """Take note that a cell is not to be waited for any more."""
        self._count(cell, -1)

    def cost_s(self, costs: Costs) -> float:
        """Return what all of them are likely to cost, core-seconds."""
        return sum(count * costs.of(cell) for cell, count in self._groups.values() if count)

    def _count(self, cell: Cell, change: int) -> None:
        key = (cell.kind, cell.policy, cell.label, cell.place, str(cell.episodes))
        _, count = self._groups.get(key, (cell, 0))
        self._groups[key] = (cell, count + change)


def costs_of(cells: Mapping[str, Cell], manifests: Mapping[str, Mapping[str, Any]]) -> Costs:
    """Return what the finished ones among ``cells``, by address, tell of costs."""
    costs = Costs()
    for address, manifest in manifests.items():
        costs.add(cells[address], float(manifest["elapsed_s"]))
    return costs


def _likenesses(cell: Cell) -> tuple[tuple[str, ...], ...]:
    """Return what a cell is like, the closest first."""
    return (
        (cell.kind, cell.policy, cell.label, cell.place),
        (cell.kind, cell.policy, cell.label),
        (cell.kind, cell.policy),
    )


def _size(cell: Cell) -> int:
    """Return the episodes that a cell's cost grows with; of a budget as configured nobody counts them."""
    return cell.episodes or 1
