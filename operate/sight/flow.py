"""Tasks that came and went between two readings: counted where the source counts, else from what must add up."""

from __future__ import annotations

from dataclasses import dataclass

from operate.reading import Reading
from operate.sight.work import ServiceTime

#: A difference that counts as one only beyond this share of what flowed, and so many tasks.
SLACK, LEAST = 0.25, 10.0
#: More tasks than these do not come, or go, between two readings: somebody set the counter.
MOST_TASKS = 1e6
#: A counter that began anew is below this share of what it was; one above it was set back, or is another replica's.
ANEW = 0.5


@dataclass(frozen=True, slots=True)
class Flow:
    """What happened since the reading before.

    Attributes:
        arrived, completed: tasks.
        backlog, in_flight: tasks, at the end.
        estimated: which of these nobody counted.
        remarks: what did not add up, a sentence each.
    """

    arrived: float
    completed: float
    backlog: float
    in_flight: float
    estimated: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Flows:
    """Balances the books of a queue from reading to reading."""

    def __init__(self, service: ServiceTime) -> None:
        self._service = service
        self._before: Reading | None = None
        self._last = Flow(0.0, 0.0, 0.0, 0.0)

    def update(self, reading: Reading, ready: int, elapsed_s: float) -> Flow:
        """Return what happened in the ``elapsed_s`` seconds since the last reading, with so many ready workers."""
        before, last = self._before, self._last
        remarks = list(reading.remarks)
        arrived = _grown("arrived_total", before, reading, remarks)
        completed = _grown("completed_total", before, reading, remarks)
        backlog = reading.backlog if reading.backlog is not None else last.backlog
        in_flight = reading.in_flight
        estimated = [name for name, known in (("in_flight", in_flight), ("backlog", reading.backlog)) if known is None]
        if in_flight is None:
            in_flight = self._busy(backlog, completed, arrived, ready, elapsed_s)
        if before is None:
            self._before, self._last = reading, Flow(0.0, 0.0, backlog, in_flight, tuple(estimated), tuple(remarks))
            return self._last
        counted = arrived is not None and completed is not None
        if completed is None:
            estimated.append("completed")
            completed = self._finished(arrived, backlog, in_flight, ready, elapsed_s)
        if arrived is None:
            estimated.append("arrived")
            arrived = max(0.0, completed + backlog + in_flight - last.backlog - last.in_flight)
        if reading.backlog is None:
            backlog = max(0.0, last.backlog + last.in_flight + arrived - completed - in_flight)
        elif counted:
            remarks += _unexplained(backlog - last.backlog, in_flight - last.in_flight, arrived, completed)
        self._before = reading
        self._last = Flow(arrived, completed, backlog, in_flight, tuple(estimated), tuple(remarks))
        return self._last

    def _busy(
        self, backlog: float, completed: float | None, arrived: float | None, ready: int, elapsed_s: float
    ) -> float:
        """Return how many tasks workers hold: all of them hold one while any waits, else as many as the flow needs."""
        if backlog >= 1:
            return float(ready)
        through = completed if completed is not None else arrived
        if through is None or elapsed_s <= 0:
            return min(self._last.in_flight, float(ready))
        return min(float(ready), through * self._service.mean_s / elapsed_s)

    def _finished(self, arrived: float | None, backlog: float, in_flight: float, ready: int, elapsed_s: float) -> float:
        last = self._last
        if arrived is not None:
            return max(0.0, arrived - (backlog - last.backlog) - (in_flight - last.in_flight))
        busy = min(float(ready), (last.in_flight + in_flight) / 2)
        return busy * elapsed_s / self._service.mean_s


def _grown(name: str, before: Reading | None, now: Reading, remarks: list[str]) -> float | None:
    """Return how much a counter grew; None where nobody can say. One that fell far counts from zero again."""
    value: float | None = getattr(now, name)
    then: float | None = getattr(before, name) if before is not None else None
    if value is None or (before is not None and then is None):
        return None
    if then is None:
        return 0.0
    anew = value < ANEW * then
    grown = value if anew else value - then
    if not 0 <= grown <= MOST_TASKS:
        way = "fell" if value < then else "rose"
        remarks.append(f"{name} {way} from {then:.10g} to {value:.10g}: taken as set by somebody, and not counted")
        return None
    if anew:
        remarks.append(f"{name} fell from {then:.10g} to {value:.10g}: taken as a counter that began anew")
    return grown


def _unexplained(waiting: float, held: float, arrived: float, completed: float) -> list[str]:
    """Return what to say where tasks appeared or vanished that nobody counted."""
    gap = waiting + held - (arrived - completed)
    if abs(gap) <= max(LEAST, SLACK * (arrived + completed)):
        return []
    than = "more" if gap > 0 else "fewer"
    return [f"the backlog jumped: {abs(gap):.0f} tasks {than} than arrivals and completions explain"]
