"""A scale-in takes the idle: as many workers stay as have work in hand, where the source counts it."""

from __future__ import annotations

import math

from operate.config import SpareBusyConfig
from operate.guardrails.moment import Limit, Moment


class SpareBusy(Limit):
    """As many workers stay as have work in hand.

    Where the platform takes idle workers first, none that is busy is asked to stop. Where it chooses by itself, some
    are, and finish their task in the time that they are given; but never are there fewer workers than tasks in hand.

    A count of work in hand may be wrong for ever: tasks that a dead worker never gave back are nobody's. So a scale-in
    is held for ``longest`` in all since the last one that was not, and then work in hand is not believed for as long.

    Args:
        config: how many tasks a worker has in hand, and for how long a scale-in is held.
    """

    name = "spare_busy"

    def __init__(self, config: SpareBusyConfig) -> None:
        self._config = config
        self._held_s = 0.0
        self._lets_go_until_s = -math.inf
        self._news = ""

    def bend(self, wanted: int, moment: Moment) -> tuple[int, str]:
        """See ``Limit.bend``."""
        if moment.in_flight is None or wanted >= moment.requested or moment.now_s < self._lets_go_until_s:
            return wanted, ""
        busy = math.ceil(moment.in_flight / self._config.tasks_at_once)
        if wanted >= busy:
            self._held_s = 0.0
            return wanted, ""
        tasks, longest_s = f"{moment.in_flight:.0f} task{'s' * (moment.in_flight != 1)}", self._config.longest
        if self._held_s >= longest_s:
            self._let_go(moment.now_s, f"workers have {tasks} in hand")
            return wanted, ""
        self._held_s += moment.interval_s
        left_s = max(0.0, longest_s - self._held_s)
        return min(busy, moment.requested), f"workers have {tasks} in hand; this is believed for {left_s:.0f} s more"

    def written(self, before: int, after: int, now_s: float) -> None:
        """See ``Limit.written``: where it goes down at all, it is not held."""
        if after < before:
            self._held_s = 0.0

    def take_news(self) -> str:
        """See ``Limit.take_news``."""
        news, self._news = self._news, ""
        return news

    def _let_go(self, now_s: float, what: str) -> None:
        longest_s = self._config.longest
        self._held_s, self._lets_go_until_s = 0.0, now_s + longest_s
        self._news = f"{what}, and a scale-in was held for {longest_s:g} s: not believed for as long; are tasks leaked?"
