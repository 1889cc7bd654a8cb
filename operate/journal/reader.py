"""Reads the journal, a record at a time; what is damaged is named, and the rest is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from autoscaling_env.errors import InputError
from operate.journal.files import JournalFile, is_journal, journal_files
from operate.journal.filters import keeps
from operate.record import SCHEMA, Record

#: So many damaged lines are named; the others are counted.
NAMED = 20
#: No record is longer, in bytes; a file without line ends is not one of ours.
LONGEST = 16_000_000
_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


class JournalReader:
    """The records of a journal, oldest file first, in bounded memory. It may be iterated as often as one likes.

    Args:
        place: the folder of a journal, or of a controller's state, or one file.
        since: only records from then on, with a zone; None: from the first.
        until: only records before then, with a zone; None: to the last.
        only: words of ``filters.FILTERS``; a record must be all of them.

    Raises:
        InputError: there is no journal, or no such word.
    """

    def __init__(
        self, place: Path, *, since: datetime | None = None, until: datetime | None = None, only: Iterable[str] = ()
    ) -> None:
        self.files = journal_files(place)
        self._since, self._until, self._wanted = since, until, keeps(only)
        self._damage: list[str] = []
        self._damaged = 0

    @property
    def damage(self) -> tuple[str, ...]:
        """What could not be read in the last iteration, a line each with file and line."""
        more = self._damaged - len(self._damage)
        return (*self._damage, *([f"and {more} more damaged lines"] if more else []))

    def __iter__(self) -> Iterator[Record]:
        """Read.

        Raises:
            InputError: a record is of a later schema, or a file cannot be read.
        """
        self._damage, self._damaged = [], 0
        for file in self.files:
            if isinstance(file, JournalFile) and not self._may_hold(file):
                continue
            for record in self._records(file.path if isinstance(file, JournalFile) else file):
                if self._in_time(record) and self._wanted(record):
                    yield record

    def last_start(self, before: datetime) -> Record | None:
        """Return the last record of a controller's start before a moment, from whichever file; None: there is none."""
        for file in reversed(self.files):
            if isinstance(file, JournalFile) and file.begins >= before:
                continue
            path = file.path if isinstance(file, JournalFile) else file
            found = [
                record
                for record in self._records(path, holding=b'"start"')
                if record.kind == "start" and datetime.fromisoformat(record.at) < before
            ]
            if found:
                return found[-1]
        return None

    def _may_hold(self, file: JournalFile) -> bool:
        late = self._until is not None and file.begins >= self._until
        early = self._since is not None and file.ends <= self._since
        return not (late or early)

    def _in_time(self, record: Record) -> bool:
        if self._since is None and self._until is None:
            return True
        at = datetime.fromisoformat(record.at)
        return (self._since is None or at >= self._since) and (self._until is None or at < self._until)

    def _records(self, path: Path, holding: bytes = b"") -> Iterator[Record]:
        """Yield the records of a file; only lines that hold some bytes are looked at."""
        try:
            with path.open("rb") as file:
                for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
                    if holding in line and line.strip():
                        yield from self._record(line, f"{path}:{number}")
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from None

    def _record(self, line: bytes, where: str) -> Iterator[Record]:
        try:
            yield record_of(json.loads(line), where)
        except (ValidationError, ValueError) as error:
            torn = not line.endswith(b"\n")
            self._damaged += 1
            if len(self._damage) < NAMED:
                self._damage.append(f"{where}: {'ends in the middle of a record' if torn else _said(error)}")


def record_of(data: Any, where: str) -> Record:
    """Return a record from what its line holds.

    Raises:
        InputError: it is of a later schema.
        ValidationError: it is no record.
        ValueError: it is not even an object, or its time is none.
    """
    if not isinstance(data, dict):
        raise ValueError("no record")  # noqa: TRY004 - of a line, not of a program
    schema = data.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise InputError(
            f"{where}: a record of schema {schema}; this version reads up to {SCHEMA}: install a later one"
        )
    record = _RECORD.validate_python(data)
    if datetime.fromisoformat(record.at).tzinfo is None:
        raise ValueError(f"at {record.at}: no zone")
    return record


def _said(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"no record: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    if isinstance(error, json.JSONDecodeError):
        return "not JSON"
    return str(error).splitlines()[0]


__all__ = ["JournalReader", "is_journal", "record_of"]
