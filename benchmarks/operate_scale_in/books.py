"""Tasks in against tasks out, by the workers' own log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the tasks that were put.

    Attributes:
        tasks: that were put.
        lost: that were never done.
        begun_again: beginnings of tasks that somebody had begun before.
        done_again: the same of their ends.
    """

    tasks: int
    lost: int
    begun_again: int
    done_again: int


@dataclass(slots=True)
class Books:
    """Reads the workers' log as it grows.

    Args:
        path: the log; it need not be there yet.
    """

    path: Path
    began: Counter[int] = field(default_factory=Counter)
    done: Counter[int] = field(default_factory=Counter)
    in_hand: dict[str, int] = field(default_factory=dict)
    _read: int = 0

    def update(self) -> None:
        """Take in what was written since."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode().splitlines():
            what, number, worker, *_ = line.split()
            if what == "began":
                self.began[int(number)] += 1
                self.in_hand[worker] = int(number)
            else:
                self.done[int(number)] += 1
                self.in_hand.pop(worker, None)

    def tally(self, tasks: int) -> Tally:
        """Return what became of the tasks from 0 on."""
        numbers = range(tasks)
        return Tally(
            tasks,
            lost=sum(not self.done[number] for number in numbers),
            begun_again=sum(max(0, self.began[number] - 1) for number in numbers),
            done_again=sum(max(0, self.done[number] - 1) for number in numbers),
        )
