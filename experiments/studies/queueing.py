"""What is to be handed out next: cells whose training is finished, and those that are tried again after a while."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence

from experiments.studies.cells import Cell

#: Real seconds before a cell is tried for the second time; doubled each time, up to a limit.
BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 30.0


class Queue:
    """The cells of a run, each once, by what is known of them.

    Args:
        cells: of the study; several may have one address.
        done: addresses of those that are finished.
        cost_s: what a cell is likely to cost; of those that can begin now the dearest go first.
        attempts: times that a cell is tried where a machine may be at fault.

    Attributes:
        done: addresses of finished cells.
        failed: addresses of cells that are not tried again.
        blocked: addresses of cells that wait for one of these.
        again: addresses of cells that may have left attempts behind: trainings, and whatever was tried twice.
    """

    def __init__(
        self, cells: Sequence[Cell], done: Collection[str], cost_s: Callable[[Cell], float], attempts: int
    ) -> None:
        self._cells = {cell.address: cell for cell in cells}
        self.done = {address for address in self._cells if address in done}
        self.failed: set[str] = set()
        self.blocked: set[str] = set()
        self.again: set[str] = set()
        self._attempts, self._tries = attempts, defaultdict[str, int](int)
        self._delayed: list[tuple[float, str]] = []
        self._needing = defaultdict[str, list[Cell]](list)
        todo = self.todo()
        for cell in todo:
            if cell.needs and cell.needs not in self.done:
                self._needing[cell.needs].append(cell)
        begun = [cell for cell in todo if not cell.needs or cell.needs in self.done]
        self._ready = deque(sorted(begun, key=cost_s, reverse=True))

    @property
    def total(self) -> int:
        """All cells."""
        return len(self._cells)

    @property
    def left(self) -> int:
        """Cells that are neither finished, nor failed, nor blocked."""
        return self.total - len(self.done) - len(self.failed) - len(self.blocked)

    def todo(self) -> list[Cell]:
        """Return the cells that are not finished."""
        return [cell for address, cell in self._cells.items() if address not in self.done]

    def next(self, now_s: float) -> Cell | None:
        """Return the next cell to hand out; None: there is none now."""
        while self._delayed and self._delayed[0][0] <= now_s:
            self._ready.appendleft(self._cells[heapq.heappop(self._delayed)[1]])
        if not self._ready:
            return None
        cell = self._ready.popleft()
        self._tries[cell.address] += 1
        if cell.kind == "train" or self._tries[cell.address] > 1:
            self.again.add(cell.address)
        return cell

    def finish(self, cell: Cell) -> None:
        """Take note that a cell is finished: what needed it is next."""
        self.done.add(cell.address)
        self._ready.extendleft(reversed(self._needing.pop(cell.address, [])))

    def try_again(self, cell: Cell, now_s: float) -> bool:
        """Let a cell be handed out once more, after a while; False: it was tried often enough."""
        tries = self._tries[cell.address]
        if tries >= self._attempts:
            return False
        delay_s = min(BACKOFF_S * 2 ** (tries - 1), LONGEST_BACKOFF_S)
        heapq.heappush(self._delayed, (now_s + delay_s, cell.address))
        return True

    def fail(self, cell: Cell) -> list[Cell]:
        """Give up a cell, and return those that wait for it in vain."""
        self.failed.add(cell.address)
        waiting = self._needing.pop(cell.address, [])
        self.blocked |= {each.address for each in waiting}
        return waiting

    def tries(self, cell: Cell) -> int:
        """Return how often a cell was handed out in this run."""
        return self._tries[cell.address]
