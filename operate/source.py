"""The seam to somebody's queue. ``operate.testing`` states the contract as tests; inherit them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from operate.reading import Fact, KeptTasks, Reading


@runtime_checkable
class Source(Protocol):
    """Reads a queue, and never changes anything in it."""

    @property
    def knows(self) -> frozenset[Fact]:
        """What its readings have; the rest is always None there, and is estimated by whoever needs it."""
        ...

    @property
    def described(self) -> str:
        """What it reads and where, in a few words, without passwords."""
        ...

    def read(self) -> Reading:
        """Return what is true now.

        It answers within some seconds, whatever happens at the other end, and after an outage it works again by itself.

        Raises:
            BackendError: it cannot be read.
        """
        ...

    def close(self) -> None:
        """Release everything. May be called twice; nothing else may be called afterwards."""
        ...


@runtime_checkable
class Recalls(Protocol):
    """A source that knows what came before."""

    def past(self, step_s: float, since_s: float) -> NDArray[np.int64]:
        """Return int64[t], the tasks that arrived in each whole step of the last ``since_s`` seconds, oldest first.

        Raises:
            BackendError: it cannot be read.
        """
        ...


@runtime_checkable
class Remembers(Protocol):
    """A source that keeps its past task by task."""

    def kept(self, since_s: float) -> KeptTasks:
        """Return the tasks of the last ``since_s`` seconds that it still has.

        Raises:
            BackendError: it cannot be read.
        """
        ...
