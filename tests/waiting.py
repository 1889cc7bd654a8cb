"""Waiting for what comes true, patiently: other work on the machine must not decide the outcome of a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

#: Seconds. What works takes a fraction of a second; the longest seen on a machine three times overcommitted was 40.
PATIENCE_S = 120.0


def until(
    true: Callable[[], Answer | None],
    what: object = "it did not become true",
    *,
    within_s: float = PATIENCE_S,
    every_s: float = 0.02,
) -> Answer:
    """Return what ``true()`` answers as soon as that is true.

    Args:
        what: is said where it does not come true; a callable is asked for it then.
        within_s: shorter only where the time is part of what is tested.
        every_s: between two questions.
    """
    give_up_s = time.monotonic() + within_s
    while not (answer := true()):
        assert time.monotonic() < give_up_s, f"not within {within_s:g} s: {what() if callable(what) else what}"
        time.sleep(every_s)
    return answer
