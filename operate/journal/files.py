"""The journal's files by their names: `journal-20261129-001.jsonl` is the first of a day (UTC)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from autoscaling_env.errors import InputError

#: Where a controller's state has its journal.
SUBFOLDER = "journal"
_NAME = re.compile(r"journal-(\d{8})-(\d{3,})\.jsonl")


@dataclass(frozen=True, slots=True, order=True)
class JournalFile:
    """A file of a journal; they sort in the order in which they were begun.

    Attributes:
        day: of all its records (UTC).
        number: which of that day, from 1.
        path: where it is.
    """

    day: date
    number: int
    path: Path

    @property
    def begins(self) -> datetime:
        """No record in it is earlier."""
        return datetime.combine(self.day, time(), UTC)

    @property
    def ends(self) -> datetime:
        """Every record in it is earlier."""
        return self.begins + timedelta(days=1)


def file_name(day: date, number: int) -> str:
    """Return the name of a day's file."""
    return f"journal-{day:%Y%m%d}-{number:03d}.jsonl"


def files_in(folder: Path) -> list[JournalFile]:
    """Return the journal's files in a folder, oldest first; none where there is no such folder.

    Raises:
        OSError: it cannot be looked into.
    """
    found = [_file(path) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(file for file in found if file is not None)


def journal_files(place: Path) -> list[JournalFile | Path]:
    """Return the files of a journal, oldest first: those of a folder, of a state folder's `journal`, or one file.

    Raises:
        InputError: there is none.
    """
    if place.is_file():
        return [_file(place) or place]
    for folder in (place, place / SUBFOLDER):
        if found := files_in(folder):
            return [*found]
    raise InputError(f"{place}: no journal-*.jsonl in it; name the folder of a controller's state, or one file")


def is_journal(place: Path) -> bool:
    """Return whether a path is a journal: a file of JSON lines, or a folder that has some."""
    if place.is_file():
        return place.suffix == ".jsonl"
    return any(files_in(folder) for folder in (place, place / SUBFOLDER))


def _file(path: Path) -> JournalFile | None:
    if (match := _NAME.fullmatch(path.name)) is None:
        return None
    try:
        return JournalFile(datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC).date(), int(match[2]), path)
    except ValueError:  # no such day
        return None
