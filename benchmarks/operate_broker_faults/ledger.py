"""What became of every task, and when, by the workers' own log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: A worker acknowledges so soon after its work, and looks at the queue again so soon after an outage, seconds.
NEAR_S = 2.0


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which something was broken, monotonic seconds."""

    began_s: float
    ended_s: float


@dataclass(slots=True)
class Ledger:
    """Beginnings and ends of tasks.

    Attributes:
        began: number of a task -> when it was begun, in order.
        done: likewise of its ends.
    """

    began: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    done: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, log: Path) -> Ledger:
        """Read a log as it is now; a last line that is not whole is left out."""
        ledger = cls()
        text = log.read_text("utf-8") if log.exists() else ""
        for line in text[: text.rfind("\n") + 1].splitlines():
            what, number, _, at_s = line.split()
            (ledger.began if what == "began" else ledger.done)[int(number)].append(float(at_s))
        return ledger

    def lost(self, tasks: int) -> list[int]:
        """Return which of the tasks from 0 on were never done."""
        return [number for number in range(tasks) if not self.done.get(number)]

    def repeated(self) -> list[int]:
        """Return the tasks that were begun more than once."""
        return sorted(number for number, times in self.began.items() if len(times) > 1)

    def unexplained(self, again: Collection[int], windows: Sequence[Window]) -> list[int]:
        """Return those of them that no queue may repeat.

        One whose message or acknowledgement may have been under way while something was broken may come again, as one
        may that its producer has sent more than once.
        """
        return [number for number in self.repeated() if number not in again and not self._in_hand(number, windows)]

    def first_done_after(self, at_s: float) -> float | None:
        """Return when a task was done first after a moment that was begun after it, too; None: none was."""
        ends = [
            end_s
            for number, times in self.done.items()
            for end_s in times
            if end_s > at_s and any(at_s < begin_s <= end_s for begin_s in self.began.get(number, ()))
        ]
        return min(ends, default=None)

    def _in_hand(self, number: int, windows: Sequence[Window]) -> bool:
        """Whether all but the last beginning led into a time in which something was broken."""
        ends = self.done.get(number, [])
        for begin_s in self.began[number][:-1]:
            end_s = next((each for each in ends if each >= begin_s), float("inf"))
            if not any(begin_s < each.ended_s + NEAR_S and end_s > each.began_s - NEAR_S for each in windows):
                return False
        return True
