"""Reading a source until it tells what is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autoscaling_env.errors import BackendError
from operate.reading import Reading
from operate.source import Source
from tests.waiting import until


def read_of(source: Source) -> Reading | None:
    """Return what it tells; None while it cannot be read: a queue may have no figures yet."""
    try:
        return source.read()
    except BackendError:
        return None


def read_until(source: Source, true: Callable[[Reading], Any]) -> Reading:
    """Return the first reading of which ``true`` is."""
    last: list[Reading | None] = []

    def wanted() -> Reading | None:
        last[:] = [reading := read_of(source)]
        return reading if reading is not None and true(reading) else None

    return until(wanted, lambda: last, every_s=0.05)
