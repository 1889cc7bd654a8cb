"""What a trace file turns into: recorded tasks, or counts of tasks per interval, from which episodes are drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray


@dataclass(frozen=True, slots=True)
class Drawn:
    """Tasks on the recording's clock, sorted by arrival; None: the recording says nothing about it."""

    arrival_s: FloatArray
    service_s: FloatArray | None = None
    deadline_s: FloatArray | None = None


class Recording(Protocol):
    """Recorded load over ``[0, span_s)``."""

    @property
    def span_s(self) -> float:
        """Seconds recorded."""
        ...

    @property
    def tasks(self) -> int:
        """Tasks recorded."""
        ...

    @property
    def whole(self) -> bool:
        """Whether every recorded task is held, not a sample of them."""
        ...

    @property
    def mean_service_s(self) -> float | None:
        """Mean recorded service time in seconds."""
        ...

    @property
    def max_service_s(self) -> float | None:
        """Longest recorded service time in seconds."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said about the recording, one sentence each."""
        ...

    def without_silence(self) -> Recording:
        """Return the recording without the time before and after all counts."""
        ...

    def draw(self, tasks: int, seed: int) -> Drawn:
        """Draw ``tasks`` tasks for the episode ``seed``."""
        ...


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
        chosen = np.concatenate((np.tile(np.arange(held), times), rng.choice(held, rest, replace=False, shuffle=False)))
        arrival_s = self.arrival_s[chosen]
        if times:
            arrival_s[held:] += self._gaps()[chosen[held:]] * rng.random(tasks - held)
        order = np.argsort(arrival_s, kind="stable")
        chosen = chosen[order]
        return Drawn(arrival_s[order], _chosen(self.service_s, chosen), _chosen(self.deadline_s, chosen))

    def _gaps(self) -> FloatArray:
        return np.diff(self.arrival_s, append=self.span_s)


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
    """

    start_s: FloatArray
    length_s: FloatArray
    count: FloatArray
    span_s: float
    function: NDArray[np.intp] | None = None
    service: Quantiles | None = None
    share: float = 1.0
    notes: tuple[str, ...] = ()

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
        return replace(self, start_s=self.start_s - first_s, span_s=last_s - first_s, notes=(*self.notes, said))

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


def _copied(values: FloatArray | None) -> FloatArray | None:
    return None if values is None else values.copy()


def _chosen(values: FloatArray | None, chosen: NDArray[np.intp]) -> FloatArray | None:
    return None if values is None else values[chosen]


def in_seconds(duration_s: float) -> str:
    """Return a duration for a sentence, such as ``86,400 s`` or ``1.25 s``."""
    return f"{duration_s:,.0f} s" if duration_s >= 1000 else f"{duration_s:.4g} s"
