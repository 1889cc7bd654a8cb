"""The seam to a farm that can be imagined: it plays plans from a state that was observed, on futures that may come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray


@dataclass(frozen=True, slots=True)
class FarmState:
    """Where imagined farms begin.

    Attributes:
        ready: workers that are able to take tasks, idle or busy.
        busy: how many of them hold a task: the first tasks of every future.
        starting_s: float64[s], seconds until each requested worker will be ready, sorted.
    """

    ready: int
    busy: int
    starting_s: FloatArray

    @property
    def requested(self) -> int:
        """Workers that are paid for."""
        return self.ready + len(self.starting_s)


@dataclass(frozen=True, slots=True)
class Future:
    """Tasks that may be there and may come, in the order in which they are taken.

    Attributes:
        arrival_s: float64[n], seconds from now, >= 0, sorted; 0 for tasks in service and waiting.
        service_s: float64[n], seconds of work left.
        deadline_s: float64[n], the longest response time, from ``arrival_s`` on; below 0 where it has passed.
        seed: delays (pick-up, start-up, overhead) are drawn from it, the same for every plan.
    """

    arrival_s: FloatArray
    service_s: FloatArray
    deadline_s: FloatArray
    seed: int


@dataclass(frozen=True, slots=True)
class Imagined:
    """What c plans came to in k futures.

    Attributes:
        reward: float64[c, k], summed over the steps of the plan.
        missed: int64[c, k], tasks collected after their deadline.
        worker_seconds: float64[c, k], paid for.
        waiting: int64[c, k], tasks in the queue at the end.
    """

    reward: FloatArray
    missed: NDArray[np.int64]
    worker_seconds: FloatArray
    waiting: NDArray[np.int64]


@runtime_checkable
class Twin(Protocol):
    """Plays plans in imagination."""

    def play(self, state: FarmState, futures: Sequence[Future], plans: NDArray[np.int64]) -> Imagined:
        """Return what every plan comes to in every future.

        Args:
            state: where all of them begin.
            futures: k of them, at least one.
            plans: int64[c, h], the workers wanted at each of the next h steps, which the actions may reach later.
        """
        ...
