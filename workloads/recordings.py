"""What a trace file turns into: a recorded load, from which episodes are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from autoscaling_env.types import FloatArray

#: From here on a number of seconds is a Unix time: 1973.
UNIX_TIME = 1e8


@dataclass(frozen=True, slots=True)
class Drawn:
    """Tasks on the recording's clock, sorted by arrival; None: the recording says nothing about it."""

    arrival_s: FloatArray
    service_s: FloatArray | None = None
    deadline_s: FloatArray | None = None


class Recording(Protocol):
    """Recorded load over ``[0, span_s)``."""

    @property
    def span_s(self) -> float:
        """Seconds recorded."""
        ...

    @property
    def tasks(self) -> int:
        """Tasks recorded."""
        ...

    @property
    def whole(self) -> bool:
        """Whether every recorded task is held, not a sample of them."""
        ...

    @property
    def mean_service_s(self) -> float | None:
        """Mean recorded service time in seconds."""
        ...

    @property
    def max_service_s(self) -> float | None:
        """Longest recorded service time in seconds."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said about the recording, one sentence each."""
        ...

    def without_silence(self) -> Recording:
        """Return the recording without the time before and after all counts."""
        ...

    def draw(self, tasks: int, seed: int) -> Drawn:
        """Draw ``tasks`` tasks for the episode ``seed``."""
        ...


def in_seconds(duration_s: float) -> str:
    """Return a duration for a sentence, such as ``86,400 s`` or ``1.25 s``."""
    return f"{duration_s:,.0f} s" if duration_s >= 1000 else f"{duration_s:.4g} s"
