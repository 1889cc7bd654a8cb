"""What is told of somebody else's queue and workers at one instant; what nobody knows is None."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Fact(StrEnum):
    """What a source may know of a queue; the names are fields of ``Reading``."""

    BACKLOG = "backlog"
    IN_FLIGHT = "in_flight"
    ARRIVED = "arrived_total"
    COMPLETED = "completed_total"
    SERVICE = "service_s"
    OLDEST = "oldest_s"


@dataclass(frozen=True, slots=True)
class Reading:
    """A queue at one instant. None: the source does not know.

    Attributes:
        backlog: tasks that wait for a worker.
        in_flight: tasks that workers hold.
        arrived_total: tasks that ever came; its zero means nothing, and a fall is a reset.
        completed_total: tasks that were ever finished, likewise.
        service_s: mean seconds of work of the tasks finished lately; they may be none since the last reading.
        oldest_s: seconds that the oldest waiting task has waited; 0 where none waits.
        age_s: seconds ago that all this was true, as the source itself can tell; 0 for what was read just now.
        remarks: what the reader of the journal should know of this reading, a sentence each.
    """

    backlog: float | None = None
    in_flight: float | None = None
    arrived_total: float | None = None
    completed_total: float | None = None
    service_s: float | None = None
    oldest_s: float | None = None
    age_s: float = 0.0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptTasks:
    """Tasks of the past, one by one, as their queue remembers them; in order of arrival.

    Attributes:
        came_s: float64[n], Unix time in seconds at which each came.
        work_s: float64[n], seconds that a worker had it; NaN where nobody knows.
        names: what each was, the task's name in its system; "" where it has none.
        remarks: what is missing and why, a sentence each.
    """

    came_s: NDArray[np.float64]
    work_s: NDArray[np.float64]
    names: tuple[str, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetState:
    """Workers at one instant, as the platform tells.

    Attributes:
        requested: how many are wanted.
        applied: how many the platform has made, ready or not.
        ready: how many can take tasks.
        draining: how many are leaving and still there; in none of the others.
        changed_by: who else changed ``requested`` since the last look, in words with both numbers; "": nobody.
        age_s: seconds since the platform last said anything.
        trouble: why wanted workers do not start, or why this is out of date; "": there is none.
    """

    requested: int
    applied: int
    ready: int
    draining: int = 0
    changed_by: str = ""
    age_s: float = 0.0
    trouble: str = ""
