"""Recorded tasks, each with its own arrival."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray
from workloads.recordings import Drawn
from workloads.unknown_work import KnownWork
from workloads.work import NamedWork


@dataclass(frozen=True, slots=True)
class Events:
    """Single tasks, each with its recorded arrival.

    Fewer tasks than recorded: a random choice without replacement. More: every task as often as it goes,
    a random choice once more; a copy comes at a uniformly random moment between its original and the
    next recorded arrival. Both from the stream ``trace`` of the episode's seed. Work that nobody knows (NaN) is drawn
    from that of the others (``workloads.unknown_work``), from the stream ``service``.

    Attributes:
        arrival_s: float64[n], sorted.
        service_s: float64[n], NaN where nobody knows it, and not everywhere; None: nothing is recorded of it.
        deadline_s: float64[n]; None: none are recorded.
        span_s: seconds recorded.
        share: part of the recorded tasks that is held.
        notes: what is to be said about it.
        task: int64[n], the place of each task's name in ``names``; None: they have none.
        names: the tasks' names.
        began_s: Unix time at which the recording begins; None: nobody knows.
    """

    arrival_s: FloatArray
    service_s: FloatArray | None
    deadline_s: FloatArray | None
    span_s: float
    share: float = 1.0
    notes: tuple[str, ...] = ()
    task: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    began_s: float | None = None

    @property
    def tasks(self) -> int:
        """Tasks recorded; estimated from the sample where not all are held."""
        return round(len(self.arrival_s) / self.share)

    @property
    def whole(self) -> bool:
        """Whether every recorded task is held."""
        return self.share == 1

    @property
    def mean_service_s(self) -> float | None:
        """Mean recorded service time in seconds; what nobody knows is taken to be as the others are."""
        if self.service_s is None:
            return None
        return float(KnownWork(self.service_s, self.task).expected(self.service_s, self.task).mean())

    @property
    def max_service_s(self) -> float | None:
        """Longest recorded service time in seconds."""
        return None if self.service_s is None else float(np.nanmax(self.service_s))

    @property
    def work(self) -> NamedWork | None:
        """The tasks' names and their work, as recorded; None where tasks have no names."""
        if self.task is None:
            return None
        unknown = np.full(len(self.arrival_s), np.nan)
        return NamedWork(self.names, self.task, unknown if self.service_s is None else self.service_s)

    def without_silence(self) -> Events:
        """Return itself: single tasks are read from the first to the last already."""
        return self

    def draw(self, tasks: int, seed: int) -> Drawn:
        """Draw ``tasks`` tasks for the episode ``seed``."""
        held = len(self.arrival_s)
        if tasks == held:
            return self._taken(self.arrival_s.copy(), np.arange(held), seed)
        rng = stream(seed, "trace")
        times, rest = divmod(tasks, held)
        some = np.sort(rng.choice(held, rest, replace=False, shuffle=False))
        if not times:
            return self._taken(self.arrival_s[some], some, seed)
        chosen = np.concatenate((np.tile(np.arange(held), times), some))
        arrival_s = self.arrival_s[chosen]
        arrival_s[held:] += self._gaps()[chosen[held:]] * rng.random(tasks - held)
        order = np.argsort(arrival_s, kind="stable")
        return self._taken(arrival_s[order], chosen[order], seed)

    def _taken(self, arrival_s: FloatArray, chosen: NDArray[np.intp], seed: int) -> Drawn:
        service_s = _chosen(self.service_s, chosen)
        if self.service_s is not None and service_s is not None and np.isnan(service_s).any():
            task = None if self.task is None else self.task[chosen]
            service_s = KnownWork(self.service_s, self.task).drawn(service_s, task, stream(seed, "service"))
        return Drawn(arrival_s, service_s, _chosen(self.deadline_s, chosen))

    def _gaps(self) -> FloatArray:
        return np.diff(self.arrival_s, append=self.span_s)


def _chosen(values: FloatArray | None, chosen: NDArray[np.intp]) -> FloatArray | None:
    return None if values is None else values[chosen]
