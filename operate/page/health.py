"""Whether the loop ticks, and whether it has begun to work: what Kubernetes asks."""

from __future__ import annotations

from dataclasses import dataclass

from live.clock import Clock
from operate.page.facts import span
from operate.record import Record

#: Intervals without a tick after which the loop is taken to hang.
LATE = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer: ``good`` or not, and why in a sentence."""

    good: bool
    why: str


class Health:
    """Looks at when ticks came.

    Args:
        clock: monotonic.
        interval_s: seconds between ticks; longer than ``LATE`` of them without one is unhealthy.
    """

    def __init__(self, clock: Clock, interval_s: float) -> None:
        self._clock = clock
        self._patience_s = LATE * interval_s
        self._begun_s = clock.now()
        self._last_s: float | None = None
        self._worked = False
        self._why = "no tick was made yet"

    def began(self) -> None:
        """Start to wait for the first tick."""
        self._begun_s = self._clock.now()

    def ticked(self, record: Record) -> None:
        """Take in a tick."""
        self._last_s = self._clock.now()
        self._worked = self._worked or not record.stale
        self._why = record.stale

    @property
    def since_s(self) -> float | None:
        """Seconds since the last tick; None: there was none."""
        return None if self._last_s is None else self._clock.now() - self._last_s

    def alive(self) -> Verdict:
        """Return whether the loop ticks; a process where it does not is best started anew."""
        since_s = self.since_s
        waited_s = self._clock.now() - self._begun_s if since_s is None else since_s
        what = "no tick since the start" if since_s is None else "last tick"
        if waited_s > self._patience_s:
            return Verdict(False, f"{what}, {span(waited_s)} ago; at most {span(self._patience_s)} are to pass.")
        return Verdict(True, f"{what}, {span(waited_s)} ago.")

    def ready(self) -> Verdict:
        """Return whether a tick has had source and target to rely on.

        Once it had, it stays ready: what is away later shows in metrics and on the page, which must not go with it.
        """
        if self._worked:
            return Verdict(True, "Source and target were read.")
        return Verdict(False, f"Source and target were not both read yet: {self._why}")
