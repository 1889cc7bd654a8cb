"""What a planner remembers, and the one file it is kept in: arrivals of past episodes, and tasks if they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.planning.arrays_file import read_arrays, write_arrays
from agents.planning.forecast.history import ARRAYS, History
from agents.planning.rhythm import Rhythm
from agents.planning.service import ServicePool
from autoscaling_env.errors import InputError
from autoscaling_env.types import FloatArray, TaskBatch

#: Tasks that are kept at most.
MOST_TASKS = 100_000
_TASKS = ("arrival_s", "service_s", "deadline_s")


@dataclass(frozen=True, slots=True, eq=False)
class SeenTasks:
    """Tasks of past episodes.

    Attributes:
        arrival_s: float64[n], seconds since their episode's start, >= 0, n >= 1.
        service_s: float64[n], seconds of work, >= 0.
        deadline_s: float64[n], the longest response time, > 0.
    """

    arrival_s: FloatArray
    service_s: FloatArray
    deadline_s: FloatArray

    def __post_init__(self) -> None:
        fields = [getattr(self, name) for name in _TASKS]
        fit = all(each.ndim == 1 and each.shape == self.arrival_s.shape for each in fields)
        if not fit or not len(self.arrival_s) or not all(np.isfinite(each).all() for each in fields):
            raise InputError(f"tasks: {', '.join(_TASKS)} must be equally many finite numbers, at least one")
        if self.arrival_s.min() < 0 or self.service_s.min() < 0 or self.deadline_s.min() <= 0:
            raise InputError("tasks: arrivals and service times must be 0 or more, deadlines above 0")

    @classmethod
    def of_episodes(cls, batches: Sequence[TaskBatch], most: int = MOST_TASKS) -> SeenTasks | None:
        """Return the tasks of episodes; None where there are none.

        Of more than ``most`` whole episodes are kept, spread over all; of one longer than that, a random choice.
        """
        kept = [batch for batch in batches if len(batch)]
        share = most / max(sum(map(len, kept)), 1)
        if share < 1:
            number = max(int(share * len(kept)), 1)
            kept = [kept[place] for place in np.linspace(0, len(kept) - 1, number).round().astype(int).tolist()]
        if not kept:
            return None
        together = [np.concatenate([getattr(batch, name) for batch in kept]) for name in _TASKS]
        if len(together[0]) > most:
            chosen = np.sort(np.random.default_rng(0).choice(len(together[0]), most, replace=False))
            together = [each[chosen] for each in together]
        return cls(*together)

    def pool(self) -> ServicePool:
        """Return what work is drawn from."""
        return ServicePool(self.arrival_s, self.service_s, self.deadline_s)

    def rhythm(self, step_s: float) -> Rhythm:
        """Return when tasks come within steps of this length; where time goes back, another episode begins."""
        episodes = np.split(self.arrival_s, np.flatnonzero(np.diff(self.arrival_s) < 0) + 1)
        return Rhythm.of_episodes(episodes, step_s)


@dataclass(frozen=True, slots=True)
class Past:
    """What a planner remembers.

    Attributes:
        history: the arrivals.
        tasks: tasks that were seen; None where nothing is known of their work.
    """

    history: History
    tasks: SeenTasks | None = None

    def save(self, path: Path | str) -> None:
        """Write it: NumPy's npz, arrays of numbers, no objects."""
        tasks: dict[str, NDArray[np.generic]] = {}
        if self.tasks is not None:
            tasks = {name: getattr(self.tasks, name) for name in _TASKS}
        write_arrays(path, self.history.arrays() | tasks)

    @classmethod
    def load(cls, path: Path | str) -> Past:
        """Read what ``save`` wrote; nothing in the file is executed.

        Raises:
            InputError: what is wrong with the file, in one line.
        """
        arrays = read_arrays(path, "history", ARRAYS, _TASKS)
        tasks = [arrays[name] for name in _TASKS if name in arrays]
        try:
            history = History.of_arrays(arrays)
            return cls(history, _seen(tasks) if tasks else None)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None


def _seen(tasks: Sequence[NDArray[np.generic]]) -> SeenTasks:
    if len(tasks) != len(_TASKS) or not all(np.issubdtype(each.dtype, np.floating) for each in tasks):
        raise InputError(f"tasks: {', '.join(_TASKS)} must be equally many finite numbers, at least one")
    return SeenTasks(*(each.astype(np.float64) for each in tasks))
