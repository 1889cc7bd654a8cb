"""The replicas of one worker function: how many are wanted, and which workers of the roster they are."""

from __future__ import annotations

from dataclasses import dataclass

from live.platform import Roster
from live.platforms.openfaas.draining import Leaving
from live.platforms.openfaas.gateway import FunctionStatus


@dataclass(frozen=True, slots=True)
class RosterCounts:
    """What the workers of one function do: ``ready`` and ``busy`` as in ``WorkerCounts``, ``draining`` apart."""

    ready: int
    draining: int
    busy: int


class WorkerFunction:
    """One worker function, from deployment to removal.

    Args:
        name: of the function.
        number: grows with every function that is deployed.
        patience_s: the longest a leaving worker may take.
        now_s: by the clock.

    Attributes:
        target: the replicas there are to be, as last read or believed.
        wanted: the replicas last asked for.
        accepted: its deployment was answered 202.
    """

    def __init__(self, name: str, number: int, patience_s: float, now_s: float) -> None:
        self.name, self.number = name, number
        self.target = self.wanted = 0
        self.accepted = False
        self._patience_s = patience_s
        self._changing = False
        self._changed_s = now_s
        self._starting = 0
        self._leaving = Leaving(patience_s)

    @property
    def changing(self) -> bool:
        """Asked for another number, and not read back yet."""
        return self._changing

    @property
    def aim(self) -> int:
        """The replicas there will be if all goes well."""
        return self.wanted if self._changing else self.target

    def ask(self, replicas: int) -> None:
        """``replicas`` are being asked for; what is read meanwhile counts for nothing."""
        self._changing, self.wanted = True, replicas

    def given(self, replicas: int, now_s: float) -> None:
        """``replicas`` were read back, or are believed."""
        self._leaving.fewer(self.target - replicas, self._starting, now_s)
        self._changing, self._changed_s, self.target = False, now_s, replicas

    def begin(self) -> None:
        """Begin an episode: whoever is still leaving was awaited."""
        self._leaving = Leaving(self._patience_s)

    def tally(self, alive: Roster, now_s: float) -> RosterCounts:
        """Say what ``alive``, the function's workers in the roster, do. Ready is who registered, not who was probed."""
        working = sum(record.task is not None for record in alive)
        self._leaving.seen(alive, now_s)
        draining = min(self._leaving.count, working)
        ready = min(len(alive) - self._leaving.count, self.target)
        self._starting = self.target - ready
        return RosterCounts(ready, draining, min(working - draining, ready))

    def observe(self, status: FunctionStatus | None, asked_s: float, settle_s: float) -> str:
        """Take in what was read at ``asked_s``, unless it may be older than our own change; return what others did."""
        if self._changing or asked_s < self._changed_s + settle_s:
            return ""
        replicas, available = (status.replicas, status.available) if status else (0, 0)
        change = ""
        if replicas not in {self.target, self.wanted}:
            what = f"set to {replicas} replicas" if status else "deleted"
            change = f"function {self.name} was {what} (it had {self.target}) by somebody else"
        self.target = replicas
        if available == replicas:
            self._leaving.all_available(replicas)
        return change
