"""The seam to whoever starts, counts and removes workers; ``live/platforms/`` holds one file for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from autoscaling_env.types import ScaleOutcome
from live.functions.settings import FunctionSettings


@dataclass(frozen=True, slots=True)
class FarmSpec:
    """What a platform must know to run the functions of one farm; the same for all its episodes.

    Attributes:
        functions: what every function is told, by environment variables (``functions.environment()``).
            ``functions.redis_url`` is the address *as the functions reach it*.
        min_workers: the fewest workers ever asked for.
        max_workers: the most workers ever asked for.
        open_timeout_s: real seconds ``open`` and ``begin`` may take.
        call_timeout_s: real seconds one call to the platform's own API may take, retries included.
    """

    functions: FunctionSettings
    min_workers: int
    max_workers: int
    open_timeout_s: float = 60.0
    call_timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """One worker as the farm's Redis knows it: it registered when it became ready.

    Attributes:
        name: unique for the life of the process; a platform can tell which process or pod it is.
        heartbeat_age_s: real seconds since it last reported.
        task: the task it holds, or None when idle.
        free_in_s: real seconds until it should be free; 0 when idle, negative when it is overdue.
    """

    name: str
    heartbeat_age_s: float
    task: int | None = None
    free_in_s: float = 0.0


#: All registered workers of the running episode, read in one atomic step.
Roster: TypeAlias = tuple[WorkerRecord, ...]


@dataclass(frozen=True, slots=True)
class WorkerCounts:
    """How many workers there are; ``requested = ready + starting``, draining ones are in neither.

    Attributes:
        requested: the number the platform aims at now, whoever set it.
        ready: able to take tasks.
        starting: wanted, not ready yet (also: failing to start).
        draining: told to leave, still finishing a task.
        busy: ready and holding a task; <= ready.
        stale: names of the fields above that could not be read afresh.
        changed_by: who else changed ``requested`` since the last call, and from what to what; "" if nobody.
    """

    requested: int
    ready: int
    starting: int
    draining: int
    busy: int
    stale: tuple[str, ...] = ()
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    """A worker that is known to be dead without having signed off; its task may be given to another at once.

    Attributes:
        worker: its name in the roster.
        how: one phrase for the reader, such as ``signal 9`` or ``OOMKilled``.
    """

    worker: str
    how: str


@runtime_checkable
class Platform(Protocol):
    """Runs one emitter, one collector and a number of workers. All its times are real seconds.

    A platform never talks to Redis: it is handed the roster. It keeps the requested number of workers
    alive by itself, replacing any that dies.
    """

    @property
    def name(self) -> str:
        """``local``, ``kubernetes`` or ``openfaas``."""
        ...

    def open(self, farm: FarmSpec) -> None:
        """Start emitter and collector, no worker. Blocks up to ``farm.open_timeout_s``.

        Raises:
            BackendError: they do not start; the message says why and what to do.
        """
        ...

    def begin(self, workers: int, startup_s: Iterator[float] | None) -> None:
        """Ask for ``workers`` fresh workers for a new episode; leftovers of the last one go at once.

        These start without a configured delay. The j-th worker started *after* this call waits the j-th
        value of ``startup_s`` (real seconds) before it is ready; None: its real start-up time counts.
        Does not wait until they are ready (the caller watches the roster). Blocks up to
        ``farm.open_timeout_s``.
        """
        ...

    def scale_to(self, workers: int, roster: Roster) -> ScaleOutcome:
        """Ask for ``workers`` in all. Absolute and idempotent; waits for nobody.

        Removes starting workers (newest first), then idle ones, then those free soonest by the roster; a
        busy one finishes first. Blocks for no more than its API calls: ``farm.call_timeout_s``, and under
        10 ms on this machine. An answer that is not what was asked for is an outcome, not an exception.
        """
        ...

    def counts(self, roster: Roster) -> WorkerCounts:
        """Tell how many workers there are. Never blocks: from what a watch or the last call brought."""
        ...

    def departures(self) -> tuple[Departure, ...]:
        """Return the workers found dead since the last call. Never blocks. May be empty always: leases end too."""
        ...

    def close(self) -> None:
        """Stop and remove everything this platform started. Bounded by ``farm.open_timeout_s``; repeatable."""
        ...
