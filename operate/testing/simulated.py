"""Somebody's queue and workers, simulated: source and target of one farm in simulated time, to try controllers on."""

from __future__ import annotations

from dataclasses import dataclass, field

from autoscaling_env.backend import Backend
from autoscaling_env.types import ScaleOutcome, TaskBatch, Telemetry
from operate.reading import Fact, Reading, TargetState


class ManualClock:
    """A monotonic clock and one on the wall, moved by hand."""

    def __init__(self, now_s: float = 1000.0, wall_s: float = 1_700_000_000.0) -> None:
        self.now_s, self.wall_s = now_s, wall_s

    def now(self) -> float:
        """Return monotonic seconds."""
        return self.now_s

    def wall(self) -> float:
        """Return seconds since 1970."""
        return self.wall_s

    def pass_s(self, seconds: float) -> None:
        """Let time pass on both."""
        self.now_s += seconds
        self.wall_s += seconds


@dataclass
class SimulatedQueue:
    """A farm that plays ``tasks``, seen as somebody's queue.

    Attributes:
        farm: plays; others advance it through ``pass_s``.
        tasks: that come.
        knows: what its readings have.
        workers: at the start.
        writes: counts that were asked for, in order.
        failure: is raised at every reading while it is set.
        age_s: of readings.
    """

    farm: Backend
    tasks: TaskBatch
    knows: frozenset[Fact] = frozenset({Fact.BACKLOG, Fact.ARRIVED, Fact.COMPLETED, Fact.IN_FLIGHT, Fact.SERVICE})
    workers: int = 1
    described: str = "a simulated queue"
    writes: list[int] = field(default_factory=list)
    failure: Exception | None = None
    age_s: float = 0.0
    changed_by: str = ""
    seen: list[Telemetry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._now = self.farm.reset(self.tasks, self.workers)

    def pass_s(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._now = self.farm.advance(seconds)
        self.seen.append(self._now)

    # -- as a source

    def read(self) -> Reading:
        """See ``Source.read``."""
        if self.failure is not None:
            raise self.failure
        now = self._now
        held = now.enqueued_total - now.worker_queue - now.output_queue
        values = {
            Fact.BACKLOG: float(now.worker_queue),
            Fact.IN_FLIGHT: float(held),
            Fact.ARRIVED: float(now.enqueued_total),
            Fact.COMPLETED: float(now.output_queue),
            Fact.SERVICE: float(now.service_s.mean()) if len(now.service_s) else None,
        }
        return Reading(age_s=self.age_s, **{fact.value: values[fact] for fact in self.knows})  # type: ignore[arg-type]

    # -- as a target and its scaler

    def look(self) -> TargetState:
        """See ``Target.look``."""
        now, changed_by = self._now, self.changed_by
        self.changed_by = ""
        return TargetState(
            now.workers_requested, now.workers_requested, now.workers_ready, now.workers_draining, changed_by
        )

    def scaler(self) -> SimulatedQueue:
        """See ``Target.scaler``."""
        return self

    def fence(self, term: int) -> None:
        """See ``Scaler.fence``; there is nobody else."""

    def scale_to(self, workers: int) -> ScaleOutcome:
        """See ``Scaler.scale_to``."""
        self.writes.append(workers)
        return self.farm.scale_to(workers)

    def changed(self, workers: int, who: str) -> None:
        """Let somebody else change the count."""
        self.changed_by = f"{who} changed the workers from {self._now.workers_requested} to {workers}"
        self.farm.scale_to(workers)

    def close(self) -> None:
        """See ``Source.close``."""
        self.farm.close()
