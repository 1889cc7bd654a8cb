"""What is promised of tasks, kept or broken over time: the share in time, and how fast the budget of misses burns."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from operate.config import ObjectiveConfig


@dataclass(slots=True)
class Tally:
    """Tasks that were done, and those of them that were too late."""

    done: float = 0.0
    missed: float = 0.0

    @property
    def missed_share(self) -> float | None:
        """Share too late; None: nothing was done."""
        return self.missed / self.done if self.done > 0 else None


class Window:
    """The tally of the last seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._parts: deque[tuple[float, float, float]] = deque()
        self._sum = Tally()

    def add(self, now_s: float, done: float, missed: float) -> None:
        """Count what a tick brought."""
        if done:
            self._parts.append((now_s, done, missed))
            self._sum.done += done
            self._sum.missed += missed
        while self._parts and self._parts[0][0] <= now_s - self._seconds:
            _, old, late = self._parts.popleft()
            self._sum.done -= old
            self._sum.missed -= late

    def clear(self) -> None:
        """Forget all."""
        self._parts.clear()
        self._sum = Tally()

    @property
    def tally(self) -> Tally:
        """What these seconds brought; sums of whole numbers, so nothing is left of what went."""
        return self._sum


class Promise:
    """The objective over its window."""

    def __init__(self, objective: ObjectiveConfig) -> None:
        self._may_miss = 1 - objective.share
        self._window = Window(objective.window)

    def add(self, now_s: float, done: float, missed: float) -> None:
        """Count what a tick brought."""
        self._window.add(now_s, done, missed)

    @property
    def share_met(self) -> float | None:
        """Share in time; None: nothing was done in the window."""
        missed = self._window.tally.missed_share
        return None if missed is None else 1 - missed

    @property
    def burn(self) -> float | None:
        """Missed share over the share that may be missed: above 1 the promise is being broken."""
        missed = self._window.tally.missed_share
        return None if missed is None else missed / self._may_miss
