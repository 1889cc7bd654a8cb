"""The seam between what is to be run and what it is run on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

#: Real seconds between two looks of whoever keeps a scheduler busy: at the stop signal, and at what is delayed.
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that ended.

    Attributes:
        name: what it was submitted as.
        value: what it returned; None: it did not return.
        raised: what it raised.
        lost: why nobody knows what came of it, one line: its process or machine died; "": one knows.
    """

    name: str
    value: Any = None
    raised: BaseException | None = None
    lost: str = ""


class Blames(Protocol):
    """A value that says whether the machine is at fault that it comes from: others are tried next."""

    @property
    def machine(self) -> bool:
        """Whether it may be."""
        ...


class Scheduler(Protocol):
    """Calls functions somewhere, while its context is entered; nothing it does changes what they return."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End at once: on this machine what is being done meets a ``KeyboardInterrupt``, elsewhere it is broken off."""
        ...

    @property
    def slots(self) -> int:
        """How many calls can be carried out at the same time now; machines may come and go."""
        ...

    @property
    def depth(self) -> int:
        """How many calls it takes ahead for each slot, so that none waits for the next; 1 or more."""
        ...

    def submit(self, function: Callable[..., Any], arguments: Sequence[Any], name: str) -> None:
        """Call a function, which is importable by name, with plain values.

        Args:
            function: what is called; what it returns may say that the machine is at fault (``Blames``).
            arguments: picklable.
            name: of the call; no two that are under way have the same.
        """
        ...

    def wait(self, timeout_s: float) -> Sequence[Ended]:
        """Return the calls that ended since, as soon as there is one; none after so many real seconds."""
        ...

    def describe(self) -> str:
        """Return where calls are carried out, as a line says it, with a page to watch it on where there is one."""
        ...


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
