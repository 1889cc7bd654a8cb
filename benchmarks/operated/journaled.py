"""What a controller's journal says of an episode, to be held against what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from live.platforms.kubernetes.client import Json
from operate.journal.reader import JournalReader
from operate.record import Record

MINUTE_S = 60.0


def records(state: Path, begin_s: float, end_s: float) -> list[Record]:
    """Return the ticks between two Unix times."""
    return [each for each in JournalReader(state) if each.kind == "tick" and begin_s <= _at(each) < end_s]


def told(
    ticks: Sequence[Record], done: Sequence[Json], begin_s: float, end_s: float, within_s: float
) -> dict[str, Any]:
    """Return the journal's own figures, and how far its estimate of late tasks is from the consumers' records."""
    seen = [each for each in ticks if each.seen]
    finished, missed = (np.array([each.seen[name] or 0.0 for each in seen]) for name in ("done", "missed"))
    minute = np.array([int((_at(each) - begin_s) // MINUTE_S) for each in seen])
    true_minute = np.array([int((each["finish"] - begin_s) // MINUTE_S) for each in done])
    true_missed = np.array([each["finish"] - each["at"] > within_s for each in done])
    shares = [
        (1 - missed[minute == m].sum() / finished[minute == m].sum(), 1 - true_missed[true_minute == m].mean())
        for m in np.unique(minute)
        if finished[minute == m].sum() and np.any(true_minute == m)
    ]
    return {
        "ticks": len(ticks),
        "skipped": sum(each.skipped for each in ticks),
        "estimated": sorted({name for each in seen for name in each.estimated}),
        "in_time": float(1 - missed.sum() / finished.sum()),
        "in_time_by_minute_journal_true": [[round(a, 3), round(float(b), 3)] for a, b in shares],
        "mean_error_by_minute": float(np.mean([abs(a - b) for a, b in shares])),
        "service_s": seen[-1].seen["service_s"],
        "worker_hours": float(sum(each.requested * each.step_s for each in ticks if _at(each) < end_s) / 3600),
        "writes": sum(each.written is not None for each in ticks),
        "acting": sum(each.acting for each in ticks),
        "decided_by": dict(Counter(each.decided_by for each in ticks)),
        "bends": dict(Counter(bend.guardrail for each in ticks for bend in each.bends)),
        "stale": sum(bool(each.stale) for each in ticks),
        "failed": dict(Counter(name for each in ticks for name in each.failed)),
        "remarks": dict(Counter(remark for each in ticks for remark in each.remarks).most_common(20)),
        "changed_by": [each.changed_by for each in ticks if each.changed_by][:5],
        "because": [each.because for each in ticks[:: max(1, len(ticks) // 12)]],
        "terms": sorted({each.term for each in ticks if each.term is not None}),
        "policy_ms": {q: float(np.percentile([each.policy_ms for each in ticks], int(q[1:]))) for q in ("p50", "p95")},
        "tick_ms": {q: float(np.percentile([each.tick_ms for each in ticks], int(q[1:]))) for q in ("p50", "p95")},
    }


def _at(record: Record) -> float:
    return datetime.fromisoformat(record.at).timestamp()
