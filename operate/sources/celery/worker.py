"""One worker as it tells of itself: what it has in hands, and how many tasks it has done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from operate.sources.celery.events import Event

#: Tasks of one worker that are kept by name; more were never told of to their end.
MOST_HELD = 50_000
#: Seconds after which an idle worker holds no task back: it was never told that this one is gone.
IDLE_S = 30.0
#: Words for a task that has come to its end in a worker.
ENDS = frozenset({"task-succeeded", "task-failed", "task-retried", "task-revoked"})
#: Words for one that goes back, and is heard of again.
RETURNS = frozenset({"task-rejected", "task-cancelled"})


@dataclass(slots=True)
class Worker:
    """Counts of one worker: those of its last heartbeat, and what its tasks have said since.

    A heartbeat comes every two seconds from workers without ``-E``, too. It says how many tasks run and how many were
    ever begun, so whatever was lost (an event, a task that ends without one) is right again with the next.

    Attributes:
        pid: its process; another one under the same name is another worker.
        heard_s: when it last said anything, by the monotonic clock of who listens.
        beats: there was a heartbeat with counts.
        tells_tasks: it sends events of tasks, too.
        leaving: it has said that it stops; what runs in it may still come to its end.
    """

    pid: int
    heard_s: float
    beats: bool = False
    tells_tasks: bool = False
    leaving: bool = False
    _at: float = 0.0
    _active: int = 0
    _begun: int = 0
    _base: int = 0
    _starts: int = 0
    _ends: int = 0
    _unbegun: int = 0
    _reserved: dict[str, float] = field(default_factory=dict)
    _planned: dict[str, float] = field(default_factory=dict)
    _works_on: dict[str, None] = field(default_factory=dict)
    _due_s: float = float("inf")

    @property
    def running(self) -> int:
        """Tasks that it works on."""
        return max(self._active + self._starts - self._ends, 0)

    @property
    def done(self) -> int:
        """Tasks that came to their end in it since it was first heard of, begun or not (revoked, expired)."""
        return self._begun - self._active - self._base + self._ends + self._unbegun

    def held(self, wall_s: float) -> tuple[int, int]:
        """Return the tasks that wait in its hands, and those whose time has not come at this Unix time."""
        if wall_s >= self._due_s:
            due = [uuid for uuid, eta_s in self._planned.items() if eta_s <= wall_s]
            self._reserved |= {uuid: self._planned.pop(uuid) for uuid in due}
            self._due_s = min(self._planned.values(), default=float("inf"))
        return len(self._reserved), len(self._planned)

    def beat(self, event: Event) -> None:
        """Take a heartbeat, from which everything else is counted; one without counts only shows that it lives."""
        active, begun = event.get("active"), event.get("processed")
        if not isinstance(active, int) or not isinstance(begun, int):
            return
        if not self.beats:  # what it did before we listened is not counted
            self._base = begun - active - self._ends
        self.beats, self._at = True, event["timestamp"]
        self._active, self._begun, self._starts, self._ends = active, begun, 0, 0
        if not active and self._reserved:
            stale_s = self._at - IDLE_S
            self._reserved = {uuid: at_s for uuid, at_s in self._reserved.items() if at_s > stale_s}

    def is_another(self, event: Event) -> bool:
        """Whether an event comes from a process that was started anew under this name."""
        pid, begun = event.get("pid"), event.get("processed")
        return (pid is not None and pid != self.pid) or (isinstance(begun, int) and begun < self._begun)

    def takes(self, event: Event) -> None:
        """Take that it was given a task, to be begun when its time has come."""
        eta_s = _unix_s(event.get("eta"))
        if eta_s is not None and eta_s > event["timestamp"]:
            _keep(self._planned, event["uuid"], eta_s)
            self._due_s = min(self._due_s, eta_s)
        else:
            _keep(self._reserved, event["uuid"], event["timestamp"])

    def starts(self, event: Event) -> None:
        """Take that a task begins; one that the last heartbeat has counted does not count again."""
        self._let_go(event["uuid"])
        _keep(self._works_on, event["uuid"], None)
        self._starts += event["timestamp"] > self._at

    def ends(self, event: Event) -> None:
        """Take that a task ends; one that was revoked or expired may never have begun."""
        uuid = event["uuid"]
        begun = uuid in self._works_on
        self._works_on.pop(uuid, None)
        waited = self._let_go(uuid)
        if event["type"] == "task-revoked" and not begun and not event.get("terminated"):
            self._unbegun += 1
            return
        self._starts += waited and event["timestamp"] > self._at  # that it began was lost
        self._ends += event["timestamp"] > self._at

    def returns(self, event: Event) -> None:
        """Take that a task goes back to its queue: it is in no hands, and not done."""
        uuid = event["uuid"]
        self._let_go(uuid)
        if uuid in self._works_on:
            del self._works_on[uuid]
            self._ends += event["timestamp"] > self._at
            self._base += 1

    def forget(self) -> None:
        """Forget which tasks it holds: they were given back, or nobody knows."""
        self._reserved, self._planned, self._works_on, self._due_s = {}, {}, {}, float("inf")

    def _let_go(self, uuid: str) -> bool:
        if uuid in self._reserved:
            del self._reserved[uuid]
            return True
        return self._planned.pop(uuid, None) is not None


def _keep(held: dict[str, Any], uuid: str, value: float | None) -> None:
    held.pop(uuid, None)
    held[uuid] = value
    if len(held) > MOST_HELD:
        del held[next(iter(held))]


def _unix_s(text: Any) -> float | None:
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
