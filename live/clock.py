"""Real time, passed in so that logic never reads it by itself."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock one can wait on, in real seconds."""

    def now(self) -> float:
        """Return the present time; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        ...


class SystemClock:
    """The machine's own."""

    def now(self) -> float:
        """Return the machine's monotonic time."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; returns at once for seconds <= 0."""
        if seconds > 0:
            time.sleep(seconds)
