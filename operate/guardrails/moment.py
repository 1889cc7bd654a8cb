"""What a guardrail is shown, and what it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """What a guardrail knows.

    Attributes:
        now_s: monotonic.
        requested: workers in force.
        day_left_s: seconds until midnight UTC.
        hours_today: worker-hours since midnight UTC.
        interval_s: seconds to the next decision.
        overdue_work_s: worker-seconds of work that waits, where its oldest task is overdue; else 0.
        in_flight: tasks that workers have in hand, as the source itself tells; None: nobody but an estimate does.
    """

    now_s: float
    requested: int
    day_left_s: float
    hours_today: float
    interval_s: float
    overdue_work_s: float = 0.0
    in_flight: float | None = None


class Limit(ABC):
    """Bends what is wanted.

    Attributes:
        name: as it is configured.
    """

    name: str

    @abstractmethod
    def bend(self, wanted: int, moment: Moment) -> tuple[int, str]:
        """Return what may be had, and one sentence why where that is another number."""

    def written(self, before: int, after: int, now_s: float) -> None:
        """Note that the count was changed by us; most have nothing to note."""
        return

    def take_news(self) -> str:
        """Return what is to be known besides, a sentence, once; "": nothing is."""
        return ""
