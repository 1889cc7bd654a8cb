"""The last decisions as the page lists them: all of the last minutes, and of the hour those that changed something."""

from __future__ import annotations

from collections import deque
from typing import Any

from operate.page.words import sentence
from operate.record import Record

#: So many of the newest are listed, whatever they were.
NEWEST = 20
#: So many are listed in all.
MOST = 80


class Decisions:
    """Keeps the newest, and apart from them those worth a look."""

    def __init__(self, kept: int) -> None:
        self._newest: deque[dict[str, Any]] = deque(maxlen=min(NEWEST, kept))
        self._notable: deque[dict[str, Any]] = deque(maxlen=min(MOST - NEWEST, kept))
        self._before: tuple[Any, ...] = ()

    def told(self, record: Record) -> None:
        """Take in a record; what leaves the newest stays where something was about it."""
        if len(self._newest) == self._newest.maxlen and self._newest[0]["notable"]:
            self._notable.append(self._newest[0])
        is_new = _about(record) != self._before
        self._before = _about(record)
        notable = is_new or record.written is not None or bool(record.changed_by or record.remarks)
        self._newest.append(decision(record) | {"notable": notable})

    def listed(self) -> list[dict[str, Any]]:
        """Return them, newest first."""
        return [*reversed(self._newest), *reversed(self._notable)]


def _about(record: Record) -> tuple[Any, ...]:
    """Return what makes a decision another one than that before."""
    bent_by = tuple(bend.guardrail for bend in record.bends)
    return record.kind, record.wanted, record.decided_by, bent_by, bool(record.stale), record.acting, record.term


def decision(record: Record) -> dict[str, Any]:
    """Return a line of the table."""
    bends = [
        {"guardrail": bend.guardrail, "before": bend.before, "after": bend.after, "because": sentence(bend.because)}
        for bend in record.bends
    ]
    remarks = [sentence(remark) for remark in (record.stale, record.changed_by, *record.remarks) if remark]
    ticked = record.kind == "tick"
    return {
        "at": record.at,
        "kind": record.kind,
        "by": record.decided_by,
        "policy": record.policy,
        "requested": record.requested if ticked else None,
        "proposed": record.proposed,
        "wanted": record.wanted if ticked else None,
        "written": record.written,
        "outcome": record.outcome,
        "because": sentence(record.because),
        "bends": bends,
        "remarks": remarks,
    }
