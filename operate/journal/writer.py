"""Writes the journal: every record is on its way to the disk before the next tick, and no file grows without end."""

from __future__ import annotations

import json
import math
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from operate.journal.files import JournalFile, file_name, files_in
from operate.record import Record

#: A file's name may be taken between looking and making it, by another controller; not so often.
_TRIES = 100


class JournalWriter:
    """Appends records to files of a day, each at most so large.

    A writer begins a file of its own at its first record, so what a killed one left is never continued: a torn last
    line stays the last line of its file. A record is one ``write`` of one line, so a reader sees all of it or, after
    a kill, a beginning. What does not get through (a full disk) is cut off again, and the next record may.

    Files whose day is over for longer than ``keep_s`` are removed when a file is begun. Age is counted from the newest
    file but the one that is begun: a clock that is wrong for once removes nothing.

    Args:
        folder: of the files; made when there is something to write.
        keep_s: seconds that records are kept, > 0.
        file_bytes: a file that has reached this is closed, > 0.
    """

    def __init__(self, folder: Path, *, keep_s: float, file_bytes: float) -> None:
        self._folder, self._keep_s, self._file_bytes = folder, keep_s, file_bytes
        self._handle: int | None = None
        self._day = date.min
        self._written, self._torn = 0, False

    def append(self, record: Record) -> None:
        """Write a record.

        Raises:
            OSError: it is not written, or not whole: the disk is full, or may not be written to. Records that follow
                are tried anew; nothing needs to be done.
        """
        line = to_line(record)
        day = datetime.fromisoformat(record.at).astimezone(UTC).date()
        if self._handle is not None and (day != self._day or self._written >= self._file_bytes):
            self._finish()
        if self._handle is None:
            self._begin(day)
        self._write(line)

    def close(self) -> None:
        """Bring the file to disk and close it. May be called twice.

        Raises:
            OSError: it may not all be on disk.
        """
        self._finish()

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _begin(self, day: date) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        known = files_in(self._folder)
        number = 1 + max((file.number for file in known if file.day == day), default=0)
        for _ in range(_TRIES):
            try:
                self._handle = os.open(self._folder / file_name(day, number), _NEW, 0o644)
                break
            except FileExistsError:
                number += 1
        else:
            raise FileExistsError(f"{self._folder}: somebody else begins files of {day} all the time")
        self._day, self._written, self._torn = day, 0, False
        _sync_folder(self._folder)
        self._forget(known, day)

    def _forget(self, known: list[JournalFile], day: date) -> None:
        """Remove what is old; what cannot be removed is tried again with the next file."""
        if not known:
            return
        now = min(known[-1].day, day)
        for file in known:
            if file.ends.date() + timedelta(seconds=self._keep_s) < now:
                try:
                    file.path.unlink()
                except OSError:
                    continue

    def _write(self, line: bytes) -> None:
        assert self._handle is not None  # noqa: S101 - append has begun it
        line = b"\n" + line if self._torn else line
        try:
            done = os.write(self._handle, line)
            while done < len(line):  # a full disk takes a part first, and says so then
                done += os.write(self._handle, line[done:])
        except OSError:
            self._cut_off()
            raise
        self._torn = False
        self._written += done

    def _cut_off(self) -> None:
        """Leave the file as it was before a record that failed; where even that fails, the next begins a line."""
        assert self._handle is not None  # noqa: S101 - it was written to
        try:
            os.ftruncate(self._handle, self._written)
        except OSError:
            self._torn = True

    def _finish(self) -> None:
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def to_line(record: Record) -> bytes:
    """Return a record as a line; what is no number (a policy's NaN) is null, as what nobody knows."""
    try:
        text = json.dumps(record.to_json(), allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError):
        text = json.dumps(_plain(record.to_json()), allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _plain(value: Any) -> Any:
    """Return a value in what JSON holds."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


def _sync_folder(folder: Path) -> None:
    """Let a file's name be on disk, where a folder can be brought there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
