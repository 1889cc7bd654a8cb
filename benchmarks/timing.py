"""Measuring in turns: what is compared runs side by side, so that a busy machine slows all of it alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

#: Does something a number of times, and returns that number.
Work = Callable[[], int]


def in_turns(
    works: Mapping[str, Work], turns: int, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """Return the seconds that one thing took, for each work and turn, after one turn to warm up.

    Args:
        works: what to measure, by name.
        turns: how often each has its turn.
        clock: CPU seconds of this process, all threads together, unless told.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns + 1):
        for name, work in works.items():
            begin = clock()
            things = work()
            if turn:
                seconds[name].append((clock() - begin) / things)
    return seconds


def fastest(works: Mapping[str, Work], turns: int, clock: Callable[[], float] = time.process_time) -> dict[str, float]:
    """Return things per second of each work's best turn: what the machine can do when nobody disturbs it."""
    return {name: 1 / min(seconds) for name, seconds in in_turns(works, turns, clock).items()}


def row(name: str, value: float, unit: str, ratio_to: str | None = None, ratio: float | None = None) -> dict[str, Any]:
    """Return one measurement as ``results.json`` keeps it."""
    return {"name": name, "value": value, "unit": unit, "ratio_to": ratio_to, "ratio": ratio}


def show(rows: list[dict[str, Any]]) -> None:
    """Print measurements as a table."""
    table = Table("What", "Value", "Unit", "Ratio", "to")
    for each in rows:
        ratio = f"{each['ratio']:.3g}" if each.get("ratio") is not None else ""
        table.add_row(each["name"], f"{each['value']:.4g}", each["unit"], ratio, str(each.get("ratio_to") or ""))
    Console(width=160).print(table)
