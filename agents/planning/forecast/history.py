"""What is known before an episode begins: the tasks of each step of past episodes, and their file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.planning.arrays_file import read_arrays, write_arrays
from agents.planning.forecast.forecaster import Counts
from autoscaling_env.errors import InputError
from autoscaling_env.types import FloatArray

#: Its arrays in a file.
ARRAYS = ("step_s", "lengths", "counts", "period", "offsets")


@dataclass(frozen=True, slots=True)
class History:
    """Past episodes.

    Attributes:
        step_s: seconds of a step, > 0.
        episodes: int64[t_i] each, the tasks that arrived in each step, >= 0; at least one episode of one step.
        period: after so many steps things are expected to repeat, as after a day or a week; 0: time counts from the
            start of each episode, and nothing comes after its end.
        offsets: the step of the period at which each episode begins, from 0 to below ``period``; all 0 if left out.
    """

    step_s: float
    episodes: tuple[Counts, ...]
    period: int = 0
    offsets: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.offsets:
            object.__setattr__(self, "offsets", (0,) * len(self.episodes))
        if not self.step_s > 0:
            raise InputError(f"history: step_s is {self.step_s}; must be above 0")
        if not self.episodes or any(not len(episode) or episode.min() < 0 for episode in self.episodes):
            raise InputError("history: needs at least one episode, each of at least one step with counts from 0 on")
        if self.period < 0 or len(self.offsets) != len(self.episodes):
            raise InputError(f"history: the period is {self.period}; must be 0 or more, with one offset an episode")
        if any(not 0 <= offset < max(self.period, 1) for offset in self.offsets):
            raise InputError(f"history: offsets must be from 0 to below the period of {self.period} steps")

    @classmethod
    def of_arrivals(cls, episodes: Iterable[FloatArray], step_s: float, duration_s: float = 0.0) -> History:
        """Return the history of episodes whose arrivals are given in seconds, each at least ``duration_s`` long."""
        return cls(step_s, tuple(counts_of(arrival_s, step_s, duration_s) for arrival_s in episodes))

    @property
    def mean(self) -> float:
        """Tasks a step, over all steps there are."""
        return float(sum(int(episode.sum()) for episode in self.episodes) / sum(map(len, self.episodes)))

    def matrix(self) -> Counts:
        """Return int64[episodes, longest]; nothing came after an episode's end."""
        longest = max(map(len, self.episodes))
        return np.array([np.pad(episode, (0, longest - len(episode))) for episode in self.episodes], dtype=np.int64)

    def laps(self) -> FloatArray:
        """Return float64[episodes, width]: how often things came at each step of the period; NaN: not seen.

        An episode that is longer than the period has a row for each time round. Without a period it is ``matrix``.
        """
        if not self.period:
            return self.matrix().astype(np.float64)
        rows = [row for pair in zip(self.episodes, self.offsets, strict=True) for row in _laps(*pair, self.period)]
        return np.array(rows)

    def days(self, begin: int) -> Counts:
        """Return int64[days, steps], as days are compared: from the step ``begin`` of the period on, once round.

        Episodes that go on where the one before ended are one recording. What was not seen is like the others' mean;
        a day of which less than half was seen is left out, unless there is no other. Without a period: ``matrix``.
        """
        if not self.period:
            return self.matrix()
        laps = self._whole(begin).laps()
        known = np.isfinite(laps)
        half = known.mean(axis=1) >= 0.5
        laps, known = (each[half] if half.any() else each for each in (laps, known))
        seen, total = known.sum(axis=0), np.nansum(laps, axis=0)
        mean = np.where(seen > 0, total / np.maximum(seen, 1), total.sum() / seen.sum())
        return np.where(known, laps, mean).round().astype(np.int64)

    def _whole(self, begin: int) -> History:
        """Return the history, its period from ``begin`` on; episodes that go on where the last one ended are one."""
        parts, offsets, ends = list[list[Counts]](), list[int](), -1
        for episode, offset in zip(self.episodes, self.offsets, strict=True):
            if offset != ends:
                parts.append([])
                offsets.append((offset - begin) % self.period)
            parts[-1].append(episode)
            ends = (offset + len(episode)) % self.period
        return replace(self, episodes=tuple(map(np.concatenate, parts)), offsets=tuple(offsets))

    def part(self, begin: int, end: int) -> History:
        """Return the history of the episodes from ``begin`` to before ``end``."""
        return replace(self, episodes=self.episodes[begin:end], offsets=self.offsets[begin:end])

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what stands in a file, by name."""
        return {
            "step_s": np.array(self.step_s),
            "lengths": np.array([len(episode) for episode in self.episodes], dtype=np.int64),
            "counts": np.concatenate(self.episodes),
            "period": np.array(self.period, dtype=np.int64),
            "offsets": np.array(self.offsets, dtype=np.int64),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> History:
        """Return the history of what ``arrays`` gave.

        Raises:
            InputError: they do not fit together.
        """
        step_s, lengths, counts, period, offsets = (arrays[name] for name in ARRAYS)
        whole = all(np.issubdtype(each.dtype, np.integer) and each.ndim == 1 for each in (lengths, counts, offsets))
        single = all(np.issubdtype(each.dtype, np.number) and not each.shape for each in (step_s, period))
        if not (whole and single) or lengths.min(initial=1) < 1 or lengths.sum() != len(counts):
            raise InputError(f"not a history: {', '.join(ARRAYS)} do not fit together")
        parts = np.split(counts.astype(np.int64), np.cumsum(lengths)[:-1])
        return cls(float(step_s), tuple(parts), int(period), tuple(offsets.tolist()))

    def save(self, path: Path | str) -> None:
        """Write the history: NumPy's npz, arrays of numbers, no objects."""
        write_arrays(path, self.arrays())

    @classmethod
    def load(cls, path: Path | str) -> History:
        """Read what ``save`` wrote; nothing in the file is executed.

        Raises:
            InputError: what is wrong with the file.
        """
        arrays = read_arrays(path, "history", ARRAYS)
        try:
            return cls.of_arrays(arrays)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None


def _laps(episode: Counts, offset: int, period: int) -> FloatArray:
    """Return float64[laps, period], NaN before the begin and after the end."""
    after = -(offset + len(episode)) % period
    row: FloatArray = np.pad(episode.astype(np.float64), (offset, after), constant_values=np.nan)
    return row.reshape(-1, period)


def counts_of(arrival_s: FloatArray, step_s: float, duration_s: float = 0.0) -> Counts:
    """Return int64[t], how many arrive in each step ``[k * step_s, (k + 1) * step_s)``, in at least ``duration_s``."""
    last_s = max(float(arrival_s.max(initial=0.0)), np.nextafter(duration_s, 0.0))
    edges_s = step_s * np.arange(int(last_s // step_s) + 3)
    counts = np.bincount(np.searchsorted(edges_s, arrival_s, side="right") - 1, minlength=len(edges_s))
    steps = int(np.searchsorted(edges_s, last_s, side="right"))
    whole: Counts = counts[:steps].astype(np.int64)
    return whole
