"""The seam to an election among controllers of one target."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Election(Protocol):
    """Says who leads; it keeps itself going in a thread of its own."""

    def start(self) -> None:
        """Begin to stand for election."""
        ...

    def term(self) -> int | None:
        """Return the number of the term in which we lead, surely and for now; None: somebody else does, or nobody.

        It turns None before anybody else can lead, also where this process was stopped for a while: time is compared
        at every call.
        """
        ...

    @property
    def leader(self) -> str:
        """Who leads, as far as is known; "": nobody."""
        ...

    def close(self) -> None:
        """Stand no more; a leader steps down at once, so that another need not wait."""
        ...
