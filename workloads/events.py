"""Recorded tasks, each with its own arrival."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray
from workloads.recordings import Drawn


@dataclass(frozen=True, slots=True)
class Events:
    """Single tasks, each with its recorded arrival.

    Fewer tasks than recorded: a random choice without replacement. More: every task as often as it goes,
    a random choice once more; a copy comes at a uniformly random moment between its original and the
    next recorded arrival. Both from the stream ``trace`` of the episode's seed.
    """

    arrival_s: FloatArray
    service_s: FloatArray | None
    deadline_s: FloatArray | None
    span_s: float
    share: float = 1.0
    notes: tuple[str, ...] = ()

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
        """Mean recorded service time in seconds."""
        return None if self.service_s is None else float(self.service_s.mean())

    @property
    def max_service_s(self) -> float | None:
        """Longest recorded service time in seconds."""
        return None if self.service_s is None else float(self.service_s.max())

    def without_silence(self) -> Events:
        """Return itself: single tasks are read from the first to the last already."""
        return self

    def draw(self, tasks: int, seed: int) -> Drawn:
        """Draw ``tasks`` tasks for the episode ``seed``."""
        held = len(self.arrival_s)
        if tasks == held:
            return Drawn(self.arrival_s.copy(), _copied(self.service_s), _copied(self.deadline_s))
        rng = stream(seed, "trace")
        times, rest = divmod(tasks, held)
        some = np.sort(rng.choice(held, rest, replace=False, shuffle=False))
        if not times:
            return self._taken(self.arrival_s[some], some)
        chosen = np.concatenate((np.tile(np.arange(held), times), some))
        arrival_s = self.arrival_s[chosen]
        arrival_s[held:] += self._gaps()[chosen[held:]] * rng.random(tasks - held)
        order = np.argsort(arrival_s, kind="stable")
        return self._taken(arrival_s[order], chosen[order])

    def _taken(self, arrival_s: FloatArray, chosen: NDArray[np.intp]) -> Drawn:
        return Drawn(arrival_s, _chosen(self.service_s, chosen), _chosen(self.deadline_s, chosen))

    def _gaps(self) -> FloatArray:
        return np.diff(self.arrival_s, append=self.span_s)


def _copied(values: FloatArray | None) -> FloatArray | None:
    return None if values is None else values.copy()


def _chosen(values: FloatArray | None, chosen: NDArray[np.intp]) -> FloatArray | None:
    return None if values is None else values[chosen]
