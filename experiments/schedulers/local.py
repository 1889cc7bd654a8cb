"""Calls in processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from experiments.schedulers.scheduler import Ended, cores
from experiments.side_by_side import Submit, processes

#: What is said of a call whose process died.
KILLED = "a process was killed, perhaps because memory ran out; with fewer --jobs less memory is needed at a time"


class LocalScheduler:
    """Processes of one call at a time each; one that dies takes no other call with it, and another takes its place.

    Args:
        jobs: how many; None: as many as this process may use cores.
    """

    #: The next call is at hand when one has ended.
    depth = 1

    def __init__(self, jobs: int | None = None) -> None:
        self.slots = jobs or cores()
        self._free: list[_Slot] = []
        self._running: dict[Future[Any], tuple[_Slot, str]] = {}

    def __enter__(self) -> Self:
        self._free = [_Slot() for _ in range(self.slots)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See ``Scheduler``."""
        slots = [*self._free, *(slot for slot, _ in self._running.values())]
        with ThreadPoolExecutor(len(slots)) as together:  # each waits until its call has ended
            list(together.map(_Slot.close, slots))

    def submit(self, function: Callable[..., Any], arguments: Sequence[Any], name: str) -> None:
        """See ``Scheduler``."""
        slot = self._free.pop()
        self._running[slot.submit(function, arguments)] = (slot, name)

    def wait(self, timeout_s: float) -> Sequence[Ended]:
        """See ``Scheduler``."""
        done, _ = wait(self._running, timeout_s, FIRST_COMPLETED)
        return [self._ended(future) for future in done]

    def describe(self) -> str:
        """See ``Scheduler``."""
        return f"{self.slots} process{'es' * (self.slots != 1)} of this machine"

    def _ended(self, future: Future[Any]) -> Ended:
        slot, name = self._running.pop(future)
        self._free.append(slot)
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            slot.close()
            return Ended(name, lost=KILLED)
        return Ended(name, raised=error) if error is not None else Ended(name, value=future.result())


class _Slot:
    """One process, started when it is first needed."""

    def __init__(self) -> None:
        self._process = ExitStack()
        self._submit: Submit | None = None

    def submit(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Future[Any]:
        try:
            return self._started()(function, *arguments)
        except BrokenProcessPool:  # it died with nothing to do
            self.close()
            return self._started()(function, *arguments)

    def _started(self) -> Submit:
        if self._submit is None:
            self._submit = self._process.enter_context(processes(1))
        return self._submit

    def close(self) -> None:
        """End the process; another one is started at the next call."""
        self._process.close()
        self._submit = None
