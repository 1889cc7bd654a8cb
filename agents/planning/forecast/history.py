"""What is known before an episode begins: the tasks of each step of past episodes, and their file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.planning.forecast.forecaster import Counts
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from autoscaling_env.types import FloatArray

_NAMES = ("step_s", "lengths", "counts")


@dataclass(frozen=True, slots=True)
class History:
    """Past episodes.

    Attributes:
        step_s: seconds of a step, > 0.
        episodes: int64[t_i] each, the tasks that arrived in each step, >= 0; at least one episode of one step.
    """

    step_s: float
    episodes: tuple[Counts, ...]

    def __post_init__(self) -> None:
        if not self.step_s > 0:
            raise InputError(f"history: step_s is {self.step_s}; must be above 0")
        if not self.episodes or any(not len(episode) or episode.min() < 0 for episode in self.episodes):
            raise InputError("history: needs at least one episode, each of at least one step with counts from 0 on")

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

    def save(self, path: Path | str) -> None:
        """Write the history: NumPy's npz, three arrays of numbers, no objects."""
        lengths = np.array([len(episode) for episode in self.episodes], dtype=np.int64)
        with atomic_write(path, "wb") as file:
            np.savez_compressed(
                file, step_s=np.float64(self.step_s), lengths=lengths, counts=np.concatenate(self.episodes)
            )

    @classmethod
    def load(cls, path: Path | str) -> History:
        """Read what ``save`` wrote; nothing in the file is executed.

        Raises:
            InputError: what is wrong with the file.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                step_s, lengths, counts = (file[name] for name in _NAMES)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InputError(f"{path}: not a history: {error}") from None
        whole = all(np.issubdtype(each.dtype, np.integer) and each.ndim == 1 for each in (lengths, counts))
        if not whole or step_s.shape or lengths.min(initial=1) < 1 or lengths.sum() != len(counts):
            raise InputError(f"{path}: not a history: {', '.join(_NAMES)} do not fit together")
        parts = np.split(counts.astype(np.int64), np.cumsum(lengths)[:-1])
        try:
            return cls(float(step_s), tuple(parts))
        except InputError as error:
            raise InputError(f"{path}: {error}") from None


def counts_of(arrival_s: FloatArray, step_s: float, duration_s: float = 0.0) -> Counts:
    """Return int64[t], how many arrive in each step ``[k * step_s, (k + 1) * step_s)``, in at least ``duration_s``."""
    last_s = max(float(arrival_s.max(initial=0.0)), np.nextafter(duration_s, 0.0))
    edges_s = step_s * np.arange(int(last_s // step_s) + 3)
    counts = np.bincount(np.searchsorted(edges_s, arrival_s, side="right") - 1, minlength=len(edges_s))
    steps = int(np.searchsorted(edges_s, last_s, side="right"))
    whole: Counts = counts[:steps].astype(np.int64)
    return whole
