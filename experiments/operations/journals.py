"""A controller's journal: what happened in it, some of its records, and all of them as a table."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from analysis.tables import Row
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from operate.config import Duration
from operate.journal.filters import FILTERS
from operate.journal.frame import arrow_schema, tables
from operate.journal.reader import JournalReader
from operate.record import Record

#: Records that are shown unless told otherwise.
SHOWN = 20
_DURATION: TypeAdapter[float] = TypeAdapter(Duration)


@dataclass(frozen=True, slots=True)
class JournalFound:
    """What ``read_journal`` found.

    Attributes:
        place: the journal.
        counts: records by filter, of those that were asked for; `ticks` are all of them.
        first: time of the first record, ISO 8601; "": there is none.
        last: time of the last one.
        records: the last ones, oldest first.
        damage: lines that could not be read, by file and line.
        files: what was read, and what was written.
    """

    place: Path
    counts: Mapping[str, int]
    first: str
    last: str
    records: tuple[Record, ...]
    damage: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)

    def with_file(self, name: str, path: Path) -> JournalFound:
        """Return the same with a file that was written."""
        return replace(self, files={**self.files, name: path})

    def tables(self) -> dict[str, Sequence[Row]]:
        """Return printable rows by title."""
        if not self.first and not self.damage:
            return {"journal": [{"What": "records", "Value": "none in that time that is all of that"}]}
        span = [{"What": "first", "Value": self.first or "-"}, {"What": "last", "Value": self.last or "-"}]
        counted = [{"What": name, "Value": f"{count:,}"} for name, count in self.counts.items() if count]
        damaged = [{"Where and what": line} for line in self.damage]
        found: dict[str, Sequence[Row]] = {"journal": span + counted}
        found |= {"the last records": [_shown(record) for record in self.records], "could not be read": damaged}
        return {title: rows for title, rows in found.items() if rows}

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "first": self.first or None,
            "last": self.last or None,
            "counts": dict(self.counts),
            "records": [record.to_json() for record in self.records],
            "damage": list(self.damage),
            "files": {name: str(path) for name, path in self.files.items()},
        }


def read_journal(
    place: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    only: Iterable[str] = (),
    last: int = SHOWN,
) -> JournalFound:
    """Read a journal from its first record to its last, in bounded memory.

    Args:
        place: the folder of a journal, or of a controller's state, or one file.
        since: only records from then on, with a zone.
        until: only records before then, with a zone.
        only: words of ``operate.journal.FILTERS``; a record must be all of them.
        last: so many records are kept, >= 0.

    Raises:
        InputError: there is no journal or no such word, or it was written by a later version.
    """
    reader = JournalReader(place, since=since, until=until, only=only)
    counts: Counter[str] = Counter(dict.fromkeys(("ticks", *FILTERS), 0))
    kept: deque[Record] = deque(maxlen=last)
    first = end = ""
    for record in reader:
        first, end = first or record.at, record.at
        counts["ticks"] += record.kind == "tick"
        counts.update(name for name, meant in FILTERS.items() if meant(record))
        kept.append(record)
    return JournalFound(place, dict(counts), first, end, tuple(kept), reader.damage, {"journal": place})


def journal_to_parquet(
    place: Path,
    output: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    only: Iterable[str] = (),
) -> int:
    """Write the ticks of a journal as a table (``operate.journal.frame``), some thousands at a time; return how many.

    Raises:
        InputError: as ``read_journal``.
        OSError: it cannot be written.
    """
    rows, schema = 0, arrow_schema()
    with atomic_write(output, "wb") as file, pq.ParquetWriter(file, schema) as writer:
        for table in tables(JournalReader(place, since=since, until=until, only=only)):
            writer.write_table(table)
            rows += table.num_rows
    return rows


def moment(option: str, text: str, now: datetime) -> datetime:
    """Return a moment as people write it: so long ago (`24h`, `90m`), or ISO 8601 (without a zone it is UTC).

    Args:
        option: what a message calls it.
        text: what was written.
        now: the present, with a zone.

    Raises:
        InputError: it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return found if found.tzinfo is not None else found.replace(tzinfo=now.tzinfo)
    try:
        return now - timedelta(seconds=_DURATION.validate_python(text))
    except (ValidationError, OverflowError):
        raise InputError(
            f"{option} {text}: write how long ago, such as 24h, or a time such as 2026-11-29T12:00"
        ) from None


def _shown(record: Record) -> Row:
    """Return a record as a line of a table."""
    backlog = record.seen.get("backlog")
    said = [record.objection, *map(str, record.bends), record.because, record.stale, record.changed_by, *record.remarks]
    return {
        "At": record.at[:19],
        "Tick": str(record.tick) if record.kind == "tick" else record.kind,
        "Backlog": "-" if backlog is None else f"{backlog:,.0f}",
        "Ready": str(record.ready),
        "In force": str(record.requested),
        "Wanted": str(record.wanted),
        "Written": "-" if record.written is None else str(record.written),
        "By": record.decided_by,
        "Why": "; ".join(sentence for sentence in said if sentence),
    }
