"""The seam to whoever runs the workers. ``operate.testing`` states the contract as tests; inherit them.

Looking and writing are two things: a controller in shadow is never given a scaler, so it cannot write.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from autoscaling_env.types import ScaleOutcome
from operate.reading import TargetState


class Fenced(Exception):  # noqa: N818 - it is no error of anybody's
    """A younger leader has taken over; whoever meets this writes no more."""


@runtime_checkable
class Scaler(Protocol):
    """Changes the number of workers."""

    def fence(self, term: int) -> None:
        """Let nobody write who led in an earlier term; called once by whoever begins to lead.

        Raises:
            Fenced: somebody leads in a later term.
            BackendError: it cannot be written.
        """
        ...

    def scale_to(self, workers: int) -> ScaleOutcome:
        """Ask for ``workers`` in all. Absolute, idempotent, does not wait for them.

        Scale-in takes workers first that have nothing to do, where that can be known.

        Raises:
            Fenced: somebody leads in a later term; nothing was changed.
            BackendError: it cannot be written; nothing was changed, as far as can be known.
        """
        ...


@runtime_checkable
class Target(Protocol):
    """Looks at the workers of somebody's queue."""

    @property
    def described(self) -> str:
        """What is scaled and where, in a few words."""
        ...

    def look(self) -> TargetState:
        """Return what is true now, at once: whatever takes time was read before, and ``age_s`` says when.

        Raises:
            BackendError: nothing has ever been read.
        """
        ...

    def scaler(self) -> Scaler:
        """Return what changes the number of workers; only a controller that may act calls this."""
        ...

    def close(self) -> None:
        """Release everything; leaves the workers as they are. May be called twice."""
        ...
