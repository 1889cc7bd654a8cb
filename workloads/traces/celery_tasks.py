"""From Celery's events to tasks: when each came, and how long a worker had it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray
from workloads.traces.columns import SERVICE
from workloads.work import NAMELESS

#: Events of a task, in the order of its life.
KINDS = ("sent", "received", "started", "succeeded", "failed", "retried", "rejected", "revoked")
SENT, RECEIVED, STARTED, ENDED = range(4)
STAGE = {kind: min(place, ENDED) for place, kind in enumerate(KINDS)}
RETRIED, REVOKED = KINDS.index("retried"), KINDS.index("revoked")


@dataclass(slots=True)
class Try:
    """One time that a task was given to a worker; NaN: nobody saw it."""

    sent_s: float = np.nan
    received_s: float = np.nan
    started_s: float = np.nan
    ended_s: float = np.nan
    runtime_s: float = np.nan
    eta_s: float = np.nan
    revoked: bool = False

    @property
    def stage(self) -> int:
        """How far it came."""
        seen = [stage for stage, at_s in enumerate(self._times()) if at_s == at_s]
        return seen[-1] if seen else -1

    def take(self, kind: int, at_s: float, runtime_s: float, eta_s: float) -> None:
        """Note an event."""
        stage = min(kind, ENDED)
        setattr(self, ("sent_s", "received_s", "started_s", "ended_s")[stage], at_s)
        self.runtime_s = runtime_s if runtime_s == runtime_s else self.runtime_s
        self.eta_s = eta_s if eta_s == eta_s else self.eta_s
        self.revoked |= kind == REVOKED

    @property
    def never_begun(self) -> bool:
        """Whether it was revoked before a worker began it."""
        return self.revoked and np.isnan(self.started_s)

    @property
    def work_s(self) -> float:
        """Seconds that a worker had it; NaN where nobody knows."""
        took_s = self.runtime_s if self.runtime_s == self.runtime_s else self.ended_s - self.started_s
        return took_s if took_s >= 0 else np.nan

    @property
    def came_s(self) -> float:
        """When it came, or was meant to; where nobody saw that, when it began."""
        known = [at_s for at_s in (*self._times()[:ENDED], self.ended_s - self.work_s, self.ended_s) if at_s == at_s]
        return max(known[0], self.eta_s) if self.eta_s == self.eta_s else known[0]

    def _times(self) -> tuple[float, float, float, float]:
        return self.sent_s, self.received_s, self.started_s, self.ended_s


class Lives:
    """Events as they are read; numbers are kept in arrays, since captures are long.

    Attributes:
        strangers: events of tasks that came before the capture began, and that say not which.
    """

    def __init__(self) -> None:
        self.strangers = 0
        self._task: dict[str, int] = {}
        self._name: dict[str, int] = {NAMELESS: 0}
        self._called = array("q")
        self._whose, self._kind = array("q"), array("b")
        self._at_s, self._runtime_s, self._eta_s = array("d"), array("d"), array("d")

    def add(self, uuid: str, kind: str, at_s: float, name: Any, runtime_s: Any, eta_s: float | None) -> None:
        """Note an event of a task."""
        place = self._task.setdefault(uuid, len(self._task))
        if place == len(self._called):
            self._called.append(0)
        if isinstance(name, str) and name:
            self._called[place] = self._name.setdefault(name, len(self._name))
        took = isinstance(runtime_s, int | float) and 0 <= runtime_s <= SERVICE.high
        self._whose.append(place)
        self._kind.append(KINDS.index(kind))
        self._at_s.append(at_s)
        self._runtime_s.append(float(runtime_s) if took else np.nan)
        self._eta_s.append(np.nan if eta_s is None else eta_s)

    def tasks(self) -> tuple[FloatArray, FloatArray, NDArray[np.int64], tuple[str, ...], tuple[str, ...]]:
        """Return when tasks came, their work (NaN: unknown), the places of their names, all names, and what to say."""
        self._task.clear()
        came, work, code = array("d"), array("d"), array("q")
        counts = dict.fromkeys(("sent", "tries", "revoked", "unseen"), 0)
        for place, tries in self._tries():
            counts["tries"] += len(tries) - 1
            for each in tries:
                if each.never_begun:
                    counts["revoked"] += 1
                    continue
                counts["sent"] += each.sent_s == each.sent_s
                counts["unseen"] += bool(np.isnan(each.sent_s) and np.isnan(each.received_s))
                came.append(each.came_s)
                work.append(each.work_s)
                code.append(self._called[place])
        found = (np.array(came, dtype=np.float64), np.array(work, dtype=np.float64), np.array(code, dtype=np.int64))
        return *found, tuple(self._name), tuple(_said(len(came), counts, self.strangers))

    def _tries(self) -> Iterator[tuple[int, list[Try]]]:
        """Yield each task's place and its tries."""
        whose, at_s = np.array(self._whose, dtype=np.int64), np.array(self._at_s, dtype=np.float64)
        order = np.lexsort((np.array(self._kind), at_s, whose))
        edges = np.flatnonzero(np.diff(whose[order], prepend=-1, append=-1))
        for begin, end in pairwise(edges.tolist()):
            events = order[begin:end].tolist()
            kinds = [self._kind[event] for event in events]
            if len(set(kinds)) == len(kinds):  # tried once: clocks of producer and worker may differ
                events.sort(key=lambda event: self._kind[event])
            tries: list[Try] = []
            for event in events:
                _place(tries, self._kind[event], self._at_s[event], self._runtime_s[event], self._eta_s[event])
            yield int(whose[events[0]]), tries


def _place(tries: list[Try], kind: int, at_s: float, runtime_s: float, eta_s: float) -> None:
    """Give an event to the try that it belongs to: one that has not come so far yet, else to a new one.

    A worker sends a task that is tried again before it tells that the try has ended.
    """
    stage = min(kind, ENDED)
    open_tries = [each for each in tries if each.stage == STARTED] if kind == RETRIED else []
    chosen = open_tries[:1] or [each for each in tries[-1:] if each.stage < stage]
    if not chosen:
        tries.append(Try())
        chosen = tries[-1:]
    chosen[0].take(kind, at_s, runtime_s, eta_s)


def _said(tasks: int, counts: dict[str, int], strangers: int) -> Iterator[str]:
    seen = f"{counts['sent']:,} of {tasks:,} tasks were seen when they were sent"
    how = (
        "" if counts["sent"] == tasks else "; the others came when a worker received them (task_send_sent_event tells)"
    )
    yield f"Read Celery's events: {seen}{how}."
    if counts["tries"]:
        yield f"{counts['tries']:,} tries of tasks that were tried before are tasks of their own."
    if counts["revoked"]:
        yield f"Left out: {counts['revoked']:,} that were revoked before a worker began them."
    if counts["unseen"]:
        yield f"{counts['unseen']:,} tasks came before the capture began; taken to have come when they began."
    if strangers:
        yield f"Not used: {strangers:,} events of tasks that came before the capture began."
