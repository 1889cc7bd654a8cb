"""Source and target looked at, whatever they do: what is seen, how fresh it is, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaling_env.errors import BackendError
from operate.reading import Reading, TargetState
from operate.source import Source
from operate.target import Target


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at both.

    Attributes:
        reading: of the queue; None: it cannot be read.
        state: of the workers, as last seen; None: they were never seen.
        stale: why this is not to be relied on, in one sentence; "": it is.
        failed: ``source`` or ``target``, where they could not be read.
    """

    reading: Reading | None
    state: TargetState | None
    stale: str = ""
    failed: tuple[str, ...] = ()

    @property
    def age_s(self) -> float:
        """Seconds ago that all of it was true."""
        ages = [each.age_s for each in (self.reading, self.state) if each is not None]
        return max(ages, default=0.0)


class Eyes:
    """Looks at source and target.

    Args:
        stale_after_s: what is older is not relied on.
    """

    def __init__(self, source: Source, target: Target, stale_after_s: float) -> None:
        self._source, self._target, self._stale_after_s = source, target, stale_after_s
        self._state: TargetState | None = None

    def look(self) -> Seen:
        """Return what is seen; never raises what the other ends do."""
        reading, failed, troubles = None, [], []
        try:
            reading = self._source.read()
            if reading.age_s > self._stale_after_s:
                troubles.append(f"the source's newest value is {reading.age_s:.0f} s old")
        except BackendError as error:
            troubles.append(f"the source cannot be read: {error}")
            failed.append("source")
        try:
            self._state = self._target.look()
            if self._state.age_s > self._stale_after_s:
                troubles.append(f"the workers were last seen {self._state.age_s:.0f} s ago")
        except BackendError as error:
            troubles.append(f"the workers cannot be seen: {error}")
            failed.append("target")
        return Seen(reading, self._state, "; ".join(troubles), tuple(failed))
