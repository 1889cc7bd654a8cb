"""Which functions get another replica, and which lose one: exact where each has one, the best guess elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from live.platform import Roster


@dataclass(frozen=True, slots=True)
class Staff:
    """A worker function with its workers.

    Attributes:
        name: of the function.
        number: grows with every function that is deployed.
        replicas: wanted.
        workers: those that registered, ``replicas`` at most; the others are starting.
    """

    name: str
    number: int
    replicas: int
    workers: Roster

    def without_one(self) -> Staff:
        """Return what is left, as far as can be told, when it loses a replica: one starting, else an idle one."""
        kept = self.workers if len(self.workers) < self.replicas else self.workers[:-1]
        return Staff(self.name, self.number, self.replicas - 1, kept)


def staff(name: str, number: int, replicas: int, workers: Roster) -> Staff:
    """Return a function with at most ``replicas`` of its ``workers``, those that hold a task first.

    A replica that died or is leaving may stand beside its successor in the roster.
    """
    busy_first = sorted(workers, key=lambda worker: worker.task is None)
    return Staff(name, number, replicas, tuple(busy_first[:replicas]))


def filled(replicas: Mapping[str, int], more: int, most: int) -> dict[str, int]:
    """Return the functions that grow and to what, when each of ``more`` replicas goes to the one that has fewest."""
    grown = dict(replicas)
    for _ in range(more):
        name = min(grown, key=lambda each: grown[each], default="")
        if not name or grown[name] >= most:
            break
        grown[name] += 1
    return {name: count for name, count in grown.items() if count != replicas[name]}


def thinned(staffs: Sequence[Staff], fewer: int) -> dict[str, int]:
    """Return the functions that shrink and to what, when ``fewer`` workers go: starting, idle, free soonest.

    Which replica of several goes is Kubernetes' choice (those not ready first), so a function loses one the sooner
    the fewer of its workers are busy.
    """
    left = {each.name: each for each in staffs}
    gone: dict[str, int] = {}
    for _ in range(min(fewer, sum(each.replicas for each in staffs))):
        first = min((each for each in left.values() if each.replicas), key=_rank)
        left[first.name] = first.without_one()
        gone[first.name] = first.replicas - 1
    return gone


def _rank(each: Staff) -> tuple[int, float, float, int, int]:
    """Of two that are alike, the one with more replicas, so that exactness returns; then the newest."""
    if len(each.workers) < each.replicas:
        return 0, 0.0, 0.0, -each.replicas, -each.number
    busy = [worker.free_in_s for worker in each.workers if worker.task is not None]
    return 1, len(busy) / each.replicas, max(busy, default=0.0), -each.replicas, -each.number
