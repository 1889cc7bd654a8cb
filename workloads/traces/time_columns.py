"""What a column of times is called."""

from __future__ import annotations

#: In the order in which one of several is taken, whatever their case.
TIMES = ("timestamp", "time", "date", "datetime", "ds", "@timestamp", "_time", "period", "start_time", "interval_start")


def time_column(header: tuple[str, ...]) -> str | None:
    """Return the column of times; None if there is none."""
    called = {name.strip().lower(): name for name in reversed(header)}
    return next((called[name] for name in TIMES if name in called), None)
