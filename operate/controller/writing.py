"""Whether we may write, and what came of it: mode, leadership, other people's hands."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaling_env.errors import BackendError
from autoscaling_env.types import ScaleOutcome
from operate.leader import Election
from operate.target import Fenced, Scaler


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a wish.

    Attributes:
        workers: what was asked of the platform; None: nothing was.
        outcome: the platform's answer; None: there is none.
        said: the reason, or what went wrong; "" where nothing was to be written.
    """

    workers: int | None = None
    outcome: ScaleOutcome | None = None
    said: str = ""


class Writer:
    """Writes where it may. Without a scaler it never does: that is the shadow.

    Args:
        scaler: None: in shadow.
        election: None: there is no other controller.

    Attributes:
        term: in which we lead; 0: there is nobody else; None: we do not, or may not write at all.
        trouble: why we could not begin to lead, a sentence; "": nothing stood in the way.
        news: that we lead since now, or do not any more, a sentence; "": it is as it was.
    """

    def __init__(self, scaler: Scaler | None, election: Election | None) -> None:
        self._scaler, self._election = scaler, election
        self._fenced_term: int | None = None
        self.term: int | None = None if election is not None or scaler is None else 0
        self.trouble, self.news = "", ""

    def lead(self) -> bool:
        """Return whether we may write now, as far as others are concerned; an earlier leader is fenced off first."""
        self.trouble, self.news = "", ""
        if self._scaler is None:
            return False
        if self._election is None:
            return True
        before, self.term = self.term, self._election.term()
        if self.term is None:
            self.news = f"leads no more: term {before} is over" if before is not None else ""
            return False
        if self.term == self._fenced_term:
            return True
        try:
            self._scaler.fence(self.term)
        except (Fenced, BackendError) as error:
            self.trouble = f"leads term {self.term}, but could not fence off the leader before: {error}"
            return False
        self._fenced_term = self.term
        self.news = f"leads from now on, in term {self.term}"
        return True

    def write(self, workers: int) -> Written:
        """Ask for so many workers; only after ``lead`` said yes."""
        if self._scaler is None:
            return Written()
        if self._election is not None and self._election.term() != self.term:
            return Written(said="lost the lead while deciding: nothing written")
        try:
            outcome = self._scaler.scale_to(workers)
        except Fenced:
            self._fenced_term = None
            return Written(said="a younger leader has taken over: nothing written")
        except BackendError as error:
            return Written(said=f"could not write: {error}")
        return Written(workers, outcome, f"{outcome.reason} {outcome.detail}".strip())
