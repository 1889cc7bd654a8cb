"""The seam between a study and what it runs on."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from experiments.studies.carrying import Job, Outcome


class Scheduler(Protocol):
    """Carries out jobs somewhere (``carrying.carry_out``), while its context is entered.

    Nothing it does changes what a job comes to: a cell's results are in the store when its outcome is told. What dies
    with a job in hand is told as an outcome with ``machine`` set; an outcome may be lost with the scheduler, not
    the cell.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End at once: what is being carried out is broken off, and its checkpoints stay."""
        ...

    @property
    def slots(self) -> int:
        """How many jobs can be carried out at the same time now; machines may come and go."""
        ...

    @property
    def depth(self) -> int:
        """How many jobs it takes ahead for each slot, so that none waits for the next; 1 or more."""
        ...

    def submit(self, job: Job, address: str) -> None:
        """Carry out a job, that of the cell ``address``."""
        ...

    def wait(self, timeout_s: float) -> Sequence[Outcome]:
        """Return the outcomes that came since, as soon as there is one; none after so many real seconds."""
        ...

    def describe(self) -> str:
        """Return where jobs are carried out, as a line calls it, with a page to watch it on where there is one."""
        ...
