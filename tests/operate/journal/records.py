"""Records for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from operate.record import Record

BEGIN = datetime(2026, 11, 29, 12, tzinfo=UTC)


def tick(number: int, *, begin: datetime = BEGIN, step_s: float = 8.0, **more: Any) -> Record:
    at = (begin + timedelta(seconds=step_s * number)).isoformat()
    given: dict[str, Any] = {"operator": "one", "policy": "little", "decided_by": "little", "step_s": step_s} | more
    return Record(at=at, tick=number, time_s=step_s * number, **given)
