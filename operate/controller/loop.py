"""Ticks at a steady pace: no drift, no overlap; what comes too late is skipped and counted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol


class Ticks(Protocol):
    """Whatever is done at each tick."""

    def tick(self, number: int, skipped: int, late_s: float) -> object:
        """Do it.

        Args:
            number: of the tick, from 0; those skipped are counted.
            skipped: ticks left out since the last one.
            late_s: seconds after its time.
        """
        ...


def run(
    ticks: Ticks, interval_s: float, now: Callable[[], float], wait: Callable[[float], bool], most: int | None = None
) -> None:
    """Tick until ``wait`` says that it is over.

    Args:
        ticks: is called once a tick, and has to come back.
        interval_s: from tick to tick.
        now: monotonic seconds.
        wait: lets so many seconds pass, and returns whether it is over: ``threading.Event().wait``.
        most: ticks, at most.
    """
    begin_s, number, skipped, done = now(), 0, 0, 0
    while most is None or done < most:
        if wait(max(0.0, begin_s + number * interval_s - now())):
            return
        ticks.tick(number, skipped, max(0.0, now() - begin_s - number * interval_s))
        done += 1
        following = max(number + 1, math.ceil((now() - begin_s) / interval_s))
        skipped, number = following - number - 1, following
