"""Two clocks: one that only goes forward, for all that is decided, and the one on the wall, for days and dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from operate.guardrails.limits import DAY_S

#: A jump of the wall clock below this is its ordinary drift.
JUMP_S = 5.0


class Clocks:
    """Tells time, and when the clock on the wall was set.

    Args:
        now: monotonic seconds.
        wall: seconds since 1970.
    """

    def __init__(self, now: Callable[[], float], wall: Callable[[], float]) -> None:
        self.now, self.wall = now, wall
        self._apart_s = wall() - now()

    def jumped(self) -> str:
        """Return what to say where the wall clock was set since the last call, or ""."""
        apart_s = self.wall() - self.now()
        by_s, self._apart_s = apart_s - self._apart_s, apart_s
        if abs(by_s) < JUMP_S:
            return ""
        way = "forward" if by_s > 0 else "back"
        return f"the wall clock was set {abs(by_s):.0f} s {way}; nothing but dates depends on it"

    def date(self) -> str:
        """Return the time in UTC, ISO 8601."""
        return datetime.fromtimestamp(self.wall(), UTC).isoformat(timespec="milliseconds")

    def day(self) -> int:
        """Return days since 1970."""
        return int(self.wall() // DAY_S)

    def day_left_s(self) -> float:
        """Return seconds until midnight UTC."""
        return DAY_S - self.wall() % DAY_S
