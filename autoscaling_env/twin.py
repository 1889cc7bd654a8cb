"""The seam to a farm that can be imagined: it plays plans from a state that was observed, on futures that may come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import BoolArray, FloatArray


def _no_times() -> FloatArray:
    return np.zeros(0)


def _no_flags() -> BoolArray:
    return np.zeros(0, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class FarmState:
    """Where imagined farms begin: what is known of now.

    Attributes:
        ready: workers that are able to take tasks, idle or busy.
        busy: how many of them hold a task.
        starting: workers that were requested and are not ready.
        draining: workers that hold a task and leave when it is done.
        collected_s: float64[w], when the tasks in the observation window were collected, seconds from now, <= 0,
            sorted.
        met: bool[w], which of them met their deadline.
    """

    ready: int
    busy: int = 0
    starting: int = 0
    draining: int = 0
    collected_s: FloatArray = field(default_factory=_no_times)
    met: BoolArray = field(default_factory=_no_flags)

    @property
    def requested(self) -> int:
        """Workers that are paid for."""
        return self.ready + self.starting


@dataclass(frozen=True, slots=True)
class Future:
    """Tasks that may be there and may come, and how long workers may take to start.

    Attributes:
        arrival_s: float64[n], seconds from now, >= 0, sorted; 0 for what is there. First come the tasks in service
            with workers that stay, then those of workers that leave, then those that wait, in the order of arrival.
        service_s: float64[n], seconds of work left.
        deadline_s: float64[n], the longest response time, from ``arrival_s`` on; below 0 where it has passed.
        seed: delays that are not given (pick-up, overhead, start-up) are drawn from it, the same for every plan.
        starting_s: float64[starting], seconds until each worker that is starting will be ready, as requested.
        startup_s: float64[m], start-up times of workers requested from now on, in order, taken in turn; empty: as the
            farm's configuration draws them.
    """

    arrival_s: FloatArray
    service_s: FloatArray
    deadline_s: FloatArray
    seed: int
    starting_s: FloatArray = field(default_factory=_no_times)
    startup_s: FloatArray = field(default_factory=_no_times)


@dataclass(frozen=True, slots=True)
class Imagined:
    """What c plans came to in k futures.

    Attributes:
        reward: float64[c, k], summed over the steps of the plan, and of what comes after it.
        missed: int64[c, k], tasks collected after their deadline, in the steps of the plan.
        worker_seconds: float64[c, k], paid for, likewise.
        waiting: int64[c, k], tasks in the queue after the last step of the plan.
    """

    reward: FloatArray
    missed: NDArray[np.int64]
    worker_seconds: FloatArray
    waiting: NDArray[np.int64]

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All of them, in this order."""
        return self.reward, self.missed, self.worker_seconds, self.waiting


@runtime_checkable
class Situation(Protocol):
    """A moment with what may come, in place to play plans from it; it lasts until the twin is in another one."""

    def play(self, plans: NDArray[np.int64], begin: int = 0, end: int | None = None) -> Imagined:
        """Return what every plan comes to in the futures from ``begin`` to before ``end``; all of them if left out.

        Args:
            plans: int64[c, h], the workers wanted at each of the next h steps, which the actions may reach later.
            begin: number of a future.
            end: number of a future.
        """
        ...


@runtime_checkable
class Twin(Protocol):
    """Plays plans in imagination."""

    def imagine(
        self, state: FarmState, futures: Sequence[Future], steps: int, *, beyond: int = 0, ends: bool = False
    ) -> Situation:
        """Return the situation in which plans can be played.

        Args:
            state: where all of them begin.
            futures: k of them, at least one.
            steps: h, of every plan.
            beyond: steps after the plan that count too: a plain rule goes on there from what the plan leaves behind.
            ends: the episode is cut off after the last step.
        """
        ...
