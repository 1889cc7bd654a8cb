"""The seam to a farm: anything that can be reset with tasks, scaled, and let run for a while."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from autoscaling_env.types import ScaleOutcome, TaskBatch, TaskLog, Telemetry


@runtime_checkable
class Backend(Protocol):
    """A task farm. ``autoscaling_env/testing/backend.py`` states this contract as tests; inherit them.

    All times are seconds from the start of the episode. Windows are half-open: what happens at exactly
    the end of ``advance`` belongs to the next window.
    """

    def reset(self, tasks: TaskBatch, workers: int) -> Telemetry:
        """Start a fresh farm at time 0 with ``workers`` ready, idle workers, and nothing emitted yet.

        Whatever ran before is gone, and leaves no trace in what follows.

        Raises:
            BackendError: the farm cannot be brought to this state.
        """
        ...

    def scale_to(self, workers: int) -> ScaleOutcome:
        """Ask for ``workers`` in all. Absolute, idempotent, does not block and lets no time pass.

        Scaling up starts workers, each ready after its own startup delay. Scaling down removes workers
        still starting (newest first), then idle ones, then those that will be free first; a busy worker
        finishes its task and then leaves. No task is lost, restarted or put back.
        """
        ...

    def advance(self, seconds: float) -> Telemetry:
        """Let ``[now, now + seconds)`` pass and tell what is true at its end. ``seconds > 0``."""
        ...

    def close(self) -> None:
        """Release everything. May be called twice; nothing else may be called afterwards."""
        ...


@runtime_checkable
class TaskLogging(Protocol):
    """A backend that can also say what became of each task (``tasks.parquet``)."""

    def task_log(self) -> TaskLog:
        """Return one row per task of the current batch, in arrival order."""
        ...
