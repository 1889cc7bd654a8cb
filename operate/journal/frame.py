"""Records as a table: the project's columns of a step, and the journal's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from autoscaling_env.observation import FIELDS
from autoscaling_env.records import INFO_COLUMNS
from autoscaling_env.schema import recorded_columns
from operate.record import Record

if TYPE_CHECKING:
    import pandas as pd
#: What a journal's steps are worth is not known: the columns of this objective are there, and empty.
OBJECTIVE = "cost"
#: Records that are made into columns together.
TOGETHER = 5_000
SEEN = ("backlog", "in_flight", "arrived", "completed", "missed", "service_s", "oldest_s")

_TEXT, _WHOLE, _REAL, _FLAG, _TIME = "string", "int64", "float64", "bool", "timestamp[us, tz=UTC]"


def _seen(name: str, record: Record) -> float | None:
    return record.seen.get(name)


def _typed(value: Any, kind: type) -> Any:
    """Return a value of ``info`` as its column holds it: an estimated count is rounded."""
    return round(value) if kind is np.int64 and isinstance(value, float) else value


def _json(value: Any) -> str | None:
    return json.dumps(value) if value else None


#: The journal's own columns: name -> (Arrow's type, how it follows from a record).
OWN: dict[str, tuple[str, Callable[[Record], Any]]] = {
    "at": (_TIME, lambda record: datetime.fromisoformat(record.at)),
    "operator": (_TEXT, lambda record: record.operator),
    "tick": (_WHOLE, lambda record: record.tick),
    "term": (_WHOLE, lambda record: record.term),
    "mode": (_TEXT, lambda record: record.mode),
    "acting": (_FLAG, lambda record: record.acting),
    "step_s": (_REAL, lambda record: record.step_s),
    "skipped": (_WHOLE, lambda record: record.skipped),
    "late_s": (_REAL, lambda record: record.late_s),
    "age_s": (_REAL, lambda record: record.age_s),
    "stale": (_TEXT, lambda record: record.stale),
    **{f"seen_{name}": (_REAL, partial(_seen, name)) for name in SEEN},
    "estimated": (_TEXT, lambda record: ", ".join(record.estimated)),
    "remarks": (_TEXT, lambda record: " ".join(record.remarks)),
    "requested": (_WHOLE, lambda record: record.requested),
    "applied": (_WHOLE, lambda record: record.applied),
    "ready": (_WHOLE, lambda record: record.ready),
    "draining": (_WHOLE, lambda record: record.draining),
    "changed_by": (_TEXT, lambda record: record.changed_by),
    "proposed": (_WHOLE, lambda record: record.proposed),
    "decided_by": (_TEXT, lambda record: record.decided_by),
    "because": (_TEXT, lambda record: record.because),
    "forecast": (_TEXT, lambda record: _json(record.forecast)),
    "candidates": (_TEXT, lambda record: _json(record.candidates)),
    "bends": (_TEXT, lambda record: ", ".join(f"{each.guardrail} {each.before}>{each.after}" for each in record.bends)),
    "wanted": (_WHOLE, lambda record: record.wanted),
    "written": (_WHOLE, lambda record: record.written),
    "outcome": (_TEXT, lambda record: record.outcome),
    "share_met": (_REAL, lambda record: record.share_met),
    "burn": (_REAL, lambda record: record.burn),
    "hours_today": (_REAL, lambda record: record.hours_today),
    "policy_ms": (_REAL, lambda record: record.policy_ms),
    "tick_ms": (_REAL, lambda record: record.tick_ms),
}


@dataclass(slots=True)
class Runs:
    """Numbers the runs of controllers as they come: a start, or a tick that is not after the last, begins one."""

    _count: int = 0
    _now: dict[str, tuple[int, int]] = field(default_factory=dict)

    def of(self, record: Record) -> int:
        """Return the number of a record's run, from 0."""
        run, tick = self._now.get(record.operator, (-1, 0))
        if run < 0 or record.kind == "start" or record.tick < tick:
            run, self._count = self._count, self._count + 1
        # The first tick of a run has the number of its start.
        self._now[record.operator] = run, record.tick
        return run


def arrow_schema() -> pa.Schema:
    """Return the columns: those of ``steps.parquet``, then the journal's own."""
    types: dict[type, Any] = {
        np.int64: pa.int64(),
        np.float64: pa.float64(),
        np.float32: pa.float32(),
        str: pa.string(),
    }
    flags = {"terminated", "truncated"}
    steps = [
        (each.name, pa.bool_() if each.name in flags else types[each.dtype]) for each in recorded_columns(OBJECTIVE)
    ]
    named = {_TIME: pa.timestamp("us", tz="UTC")}
    return pa.schema([*steps, *((name, named.get(kind) or pa.type_for_alias(kind)) for name, (kind, _) in OWN.items())])


def tables(records: Iterable[Record]) -> Iterator[pa.Table]:
    """Yield the ticks among records as tables of ``arrow_schema``, some thousands of rows each."""
    runs, schema = Runs(), arrow_schema()
    rows = (row_of(record, run) for record in records for run in [runs.of(record)] if record.kind == "tick")
    while some := list(islice(rows, TOGETHER)):
        yield pa.Table.from_pylist(some, schema=schema)


def frame(records: Iterable[Record]) -> pd.DataFrame:
    """Return a row per tick; what nobody knows is NaN or None.

    ``agent`` is the policy in force, ``episode`` the number of the controller's run among the records, and so is
    ``episode_seed``: nothing was drawn. Rewards are NaN.
    """
    whole: pd.DataFrame = pa.concat_tables([arrow_schema().empty_table(), *tables(records)]).to_pandas()
    return whole


def row_of(record: Record, run: int) -> dict[str, Any]:
    """Return a tick as a row; columns that are not in it are null."""
    known = {
        "agent": record.policy,
        "episode": run,
        "episode_seed": run,
        "step": record.tick,
        "time_s": record.time_s,
        "requested_workers": record.requested,
        "workers_ready": record.ready,
        "workers_draining": record.draining,
        "terminated": False,
        "truncated": False,
    }
    info = {name: _typed(record.info[name], kind) for name, kind in INFO_COLUMNS.items() if name in record.info}
    seen = {f"observed_{name}": value for name, value in zip(FIELDS, record.observation, strict=False)}
    # The policy's own clock in ``info`` begins anew with every period; a run has one.
    clock = {name: known[name] for name in ("step", "time_s")}
    return known | info | clock | seen | {name: of(record) for name, (_, of) in OWN.items()}
