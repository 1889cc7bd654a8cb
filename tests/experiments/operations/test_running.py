"""A disk that is full stops nothing, and the journal says afterwards what it is without."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from experiments.operations.running import Unwatched, _Publisher
from operate.record import Record


class Disk:
    """A journal whose disk is full for some records."""

    def __init__(self, full: list[bool]) -> None:
        self.full, self.kept = iter(full), list[Record]()

    def append(self, record: Record) -> None:
        if next(self.full):
            raise OSError(errno.ENOSPC, "No space left on device")
        self.kept.append(record)


@pytest.mark.parametrize(
    ("full", "said"),
    [
        ([False, False, False], []),
        ([False, True, False, False], ["records are missing in it", "without 1 record of before"]),
        ([True, True, True, False, False, True, False, False], ["3 records of before", "are missing", "1 record of"]),
    ],
)
def test_what_the_journal_is_without_stands_in_it(full: list[bool], said: list[str]) -> None:
    disk, remarks = Disk(full), list[str]()
    journal: Any = disk
    publisher = _Publisher(journal, None, Unwatched(), remarks.append)
    for tick in range(len(full)):
        told, remarks[:] = tuple(remarks), []
        publisher.publish(
            Record(kind="tick", tick=tick, at="", operator="o", time_s=0.0, term=None, mode="act", remarks=told)
        )
    found = [each for record in disk.kept for each in record.remarks]
    assert len(found) == len(said)
    assert all(words in each for words, each in zip(said, found, strict=True))
    assert all("No space left on device" in each for each in found)
    assert publisher.ticks == len(full)
