"""Cells in processes of this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from experiments.side_by_side import Submit, processes
from experiments.studies.carrying import Job, Outcome, carry_out

#: What is said of a cell whose process died.
KILLED = "its process was killed, perhaps because memory ran out; with fewer --jobs less is needed at a time"


class LocalScheduler:
    """Processes of one cell at a time each; one that dies takes no other cell with it, and another takes its place.

    Args:
        jobs: how many; None: as many as this process may use cores.
    """

    #: The next cell is at hand when one is finished.
    depth = 1

    def __init__(self, jobs: int | None = None) -> None:
        self.slots = jobs or len(os.sched_getaffinity(0))
        self._processes = ExitStack()
        self._free: list[_Slot] = []
        self._running: dict[Future[Outcome], tuple[_Slot, str]] = {}

    def __enter__(self) -> Self:
        self._free = [self._processes.enter_context(_Slot()) for _ in range(self.slots)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See ``Scheduler``."""
        self._processes.close()

    def submit(self, job: Job, address: str) -> None:
        """See ``Scheduler``."""
        slot = self._free.pop()
        self._running[slot.submit(job)] = (slot, address)

    def wait(self, timeout_s: float) -> Sequence[Outcome]:
        """See ``Scheduler``."""
        done, _ = wait(self._running, timeout_s, FIRST_COMPLETED)
        return [self._outcome(future) for future in done]

    def describe(self) -> str:
        """See ``Scheduler``."""
        return f"{self.slots} process{'es' * (self.slots != 1)} of this machine"

    def _outcome(self, future: Future[Outcome]) -> Outcome:
        slot, address = self._running.pop(future)
        self._free.append(slot)
        try:
            return future.result()
        except BrokenProcessPool:
            slot.restart()
            return Outcome(address, error=KILLED, machine=True)


class _Slot:
    """One process, started when it is first needed."""

    def __init__(self) -> None:
        self._process = ExitStack()
        self._submit: Submit | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.close()

    def submit(self, job: Job) -> Future[Outcome]:
        if self._submit is None:
            self._submit = self._process.enter_context(processes(1))
        return self._submit(carry_out, job)

    def restart(self) -> None:
        """Start another process at the next job."""
        self._process.close()
        self._submit = None
