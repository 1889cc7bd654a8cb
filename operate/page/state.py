"""What the page polls: the last hour in columns, the newest forecast, the last decisions; no whole records."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from operate.page.decisions import Decisions
from operate.page.facts import Facts
from operate.page.words import burning, doing, sentence
from operate.record import Record

#: Ticks that are kept: an hour of eight seconds each.
KEPT = 450

#: Columns, and where they stand in a record.
COLUMNS: Mapping[str, Callable[[Record], float | None]] = {
    "time_s": lambda record: record.time_s,
    "backlog": lambda record: record.seen.get("backlog"),
    "arrived": lambda record: record.seen.get("arrived"),
    "requested": lambda record: record.requested,
    "applied": lambda record: record.applied,
    "ready": lambda record: record.ready,
    "wanted": lambda record: record.wanted,
    "share": lambda record: record.share_met,
}


class State:
    """Ticks come from the loop, and are read by those who answer requests.

    Args:
        facts: of the controller.
        kept: ticks that are kept.
    """

    def __init__(self, facts: Facts, kept: int = KEPT) -> None:
        self._facts = facts
        self._lock = threading.Lock()
        self._rows: deque[tuple[float | int | None, ...]] = deque(maxlen=kept)
        self._decisions = Decisions(kept)
        self._last: Record | None = None

    def told(self, record: Record) -> None:
        """Take in a record; only ticks have numbers."""
        row = tuple(rounded(value(record)) for value in COLUMNS.values())
        with self._lock:
            self._last = record
            self._decisions.told(record)
            if record.kind == "tick":
                self._rows.append(row)

    def shown(self, since_s: float | None, alive: bool) -> dict[str, Any]:
        """Return what JSON holds.

        Args:
            since_s: seconds since the last tick; None: there was none.
            alive: whether the loop ticks.
        """
        with self._lock:
            last, rows, decisions = self._last, list(self._rows), self._decisions.listed()
        columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
        return {
            "now": now(last, self._facts) | {"since_tick_s": rounded(since_s), "alive": alive},
            "series": {name: list(values) for name, values in zip(COLUMNS, columns, strict=True)},
            "forecast": _forecast(last),
            "decisions": decisions,
        }


def now(last: Record | None, facts: Facts) -> dict[str, Any]:
    """Return what is true now, in numbers and in words."""
    word, headline = doing(last)
    if last is None:
        return {"word": word, "headline": headline, "tick": None, "burning": burning(None, facts)}
    return {
        "word": word,
        "headline": headline,
        "tick": last.tick,
        "at": last.at,
        "operator": last.operator,
        "leads": last.term is not None,
        "policy": last.policy or facts.policy,
        "decided_by": last.decided_by,
        "age_s": rounded(last.age_s),
        "step_s": rounded(last.step_s or facts.interval_s),
        "stale": sentence(last.stale),
        "changed_by": sentence(last.changed_by),
        "oldest_s": rounded(last.seen.get("oldest_s")),
        "in_flight": rounded(last.seen.get("in_flight")),
        "estimated": list(last.estimated),
        "draining": last.draining,
        "share": None if last.share_met is None else rounded(last.share_met, 5),
        "burn": rounded(last.burn),
        "burning": burning(last.burn, facts),
        "hours_today": rounded(last.hours_today),
    }


def _forecast(last: Record | None) -> dict[str, list[float | int | None]] | None:
    if last is None or not last.forecast:
        return None
    return {level: [rounded(value) for value in steps] for level, steps in last.forecast.items()}


def rounded(value: float | None, digits: int = 3) -> float | int | None:
    """Return it as short as it can be read; what is no number is nobody's knowledge."""
    if value is None or not math.isfinite(value):
        return None
    short = round(float(value), digits)
    return int(short) if short.is_integer() else short
