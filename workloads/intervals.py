"""Recorded counts of tasks per interval, and service times by quantiles."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray
from workloads.recordings import Drawn, in_seconds


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Service times of several functions by their quantiles, linear in between.

    Attributes:
        levels: float64[q], from 0 to 1.
        values_s: float64[functions, q], seconds, rising along each row.
    """

    levels: FloatArray
    values_s: FloatArray

    def draw(self, function: NDArray[np.intp], rng: np.random.Generator) -> FloatArray:
        """Return one service time in seconds for each entry of ``function``: float64, equally long."""
        uniform = rng.random(len(function))
        piece = np.searchsorted(self.levels, uniform, side="right") - 1
        share = (uniform - self.levels[piece]) / (self.levels[piece + 1] - self.levels[piece])
        low, high = self.values_s[function, piece], self.values_s[function, piece + 1]
        return low + (high - low) * share

    def means_s(self) -> FloatArray:
        """float64[functions]: the mean of each."""
        middle_s = (self.values_s[:, 1:] + self.values_s[:, :-1]) / 2
        return middle_s @ np.diff(self.levels)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Counts of tasks in intervals, some at the same time where there are several functions.

    As many tasks as recorded: each interval has exactly its count, at uniformly random moments of it.
    Any other number: drawn with the counts as weights, which is a Poisson process with the recorded rate,
    given its number of tasks. Intervals come from the stream ``trace``, moments from ``arrivals``, service
    times from ``service``.

    Attributes:
        start_s: float64[n].
        length_s: float64[n].
        count: float64[n], > 0, whole numbers where ``whole``.
        span_s: seconds recorded.
        function: intp[n], row of ``service``; None where nothing is recorded about service times.
        service: the service times of the functions.
        share: part of the recorded tasks that is held.
        notes: what is to be said about it.
        began_s: Unix time at which the recording begins; None: nobody knows.
    """

    start_s: FloatArray
    length_s: FloatArray
    count: FloatArray
    span_s: float
    function: NDArray[np.intp] | None = None
    service: Quantiles | None = None
    share: float = 1.0
    notes: tuple[str, ...] = ()
    began_s: float | None = None

    @property
    def tasks(self) -> int:
        """Tasks recorded; estimated from the sample where not all are held."""
        return round(float(self.count.sum()) / self.share)

    @property
    def whole(self) -> bool:
        """Whether every recorded task is held."""
        return self.share == 1

    @property
    def mean_service_s(self) -> float | None:
        """Mean service time in seconds, over all recorded tasks."""
        if self.service is None or self.function is None:
            return None
        return float(np.average(self.service.means_s()[self.function], weights=self.count))

    @property
    def max_service_s(self) -> float | None:
        """Longest service time in seconds of a function that was invoked."""
        if self.service is None or self.function is None:
            return None
        return float(self.service.values_s[np.unique(self.function), -1].max())

    def without_silence(self) -> Intervals:
        """Return the recording from its first count to its last, and say what was cut."""
        first_s, last_s = float(self.start_s.min()), float((self.start_s + self.length_s).max())
        silent_s = self.span_s - (last_s - first_s)
        if silent_s <= 0:
            return self
        said = f"Left out {in_seconds(silent_s)} without tasks before the first and after the last."
        return replace(
            self,
            start_s=self.start_s - first_s,
            span_s=last_s - first_s,
            notes=(*self.notes, said),
            began_s=None if self.began_s is None else self.began_s + first_s,
        )

    def draw(self, tasks: int, seed: int) -> Drawn:
        """Draw ``tasks`` tasks for the episode ``seed``."""
        cell = self._cells(tasks, seed)
        arrival_s = self.start_s[cell] + self.length_s[cell] * stream(seed, "arrivals").random(tasks)
        order = np.argsort(arrival_s, kind="stable")
        if self.service is None or self.function is None:
            return Drawn(arrival_s[order])
        service_s = self.service.draw(self.function[cell[order]], stream(seed, "service"))
        return Drawn(arrival_s[order], service_s)

    def _cells(self, tasks: int, seed: int) -> NDArray[np.intp]:
        upto = np.cumsum(self.count)
        if self.whole and tasks == self.tasks:
            counts = np.diff(np.round(upto), prepend=0).astype(np.intp)
            return np.repeat(np.arange(len(upto)), counts)
        level = stream(seed, "trace").random(tasks) * upto[-1]
        cells: NDArray[np.intp] = np.searchsorted(upto[:-1], level, side="right")
        return cells
