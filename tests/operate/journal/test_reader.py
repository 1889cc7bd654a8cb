"""The journal's reader."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autoscaling_env.errors import InputError
from operate.journal.filters import FILTERS
from operate.journal.reader import JournalReader, is_journal
from operate.journal.writer import JournalWriter, to_line
from operate.record import Bend, Record
from tests.operate.journal.records import BEGIN, tick


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with JournalWriter(tmp_path / "journal", keep_s=1e9, file_bytes=2_000) as journal:
        journal.append(Record(kind="start", at=BEGIN.isoformat(), operator="one", tick=0, time_s=0.0))
        for number in range(40):
            bends = (Bend("cooldown", 2, 4, "wait"),) if number % 4 == 0 else ()
            written = number if number % 8 == 0 else None
            journal.append(tick(number, bends=bends, written=written, stale="old" if number == 9 else ""))
    return tmp_path


def ticks(reader: JournalReader) -> list[int]:
    return [record.tick for record in reader if record.kind == "tick"]


def test_a_span_of_time_is_read(folder: Path) -> None:
    since, until = BEGIN + timedelta(seconds=80), BEGIN + timedelta(seconds=104)
    assert ticks(JournalReader(folder, since=since, until=until)) == [10, 11, 12]


def test_days_outside_are_not_even_opened(folder: Path) -> None:
    later = folder / "journal" / "journal-20261130-001.jsonl"
    later.mkdir()  # cannot be read
    assert ticks(JournalReader(folder, until=BEGIN + timedelta(seconds=16))) == [0, 1]
    with pytest.raises(InputError, match="cannot be read"):
        list(JournalReader(folder))


def test_words_are_all_meant(folder: Path) -> None:
    assert ticks(JournalReader(folder, only=["written"])) == [0, 8, 16, 24, 32]
    assert ticks(JournalReader(folder, only=["bent", "written"])) == [0, 8, 16, 24, 32]
    assert ticks(JournalReader(folder, only=["stale"])) == [9]
    assert ticks(JournalReader(folder, only=["fallback"])) == []
    with pytest.raises(InputError, match=r"unknown filter 'wrote' .*written"):
        JournalReader(folder, only=["wrote"])


def test_who_decided_instead_is_found(tmp_path: Path) -> None:
    path = tmp_path / "few.jsonl"
    path.write_bytes(
        b"".join(to_line(tick(i, decided_by=name)) for i, name in enumerate(["little", "hpa", "hold", ""]))
    )
    assert ticks(JournalReader(path, only=["fallback"])) == [1]
    assert ticks(JournalReader(path, only=["hold"])) == [2]


def test_a_damaged_line_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal-20261129-001.jsonl"
    no_time = json.dumps({"at": "2026-11-29T12:00:00", "operator": "one", "tick": 1, "time_s": 1.0}).encode()
    lines = [to_line(tick(0)), b'{"at": 3\n', b"[]\n", b'{"tick": "x"}\n', no_time + b"\n", b"\xff\n", to_line(tick(1))]
    path.write_bytes(b"".join(lines))
    reader = JournalReader(tmp_path)
    assert ticks(reader) == [0, 1]
    assert [line.split(": ")[0] for line in reader.damage] == [f"{path}:{number}" for number in (2, 3, 4, 5, 6)]
    assert ticks(reader) == [0, 1]
    assert len(reader.damage) == 5


def test_many_damaged_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(b"{\n" * 100)
    reader = JournalReader(path)
    assert ticks(reader) == []
    assert len(reader.damage) == 21
    assert reader.damage[-1] == "and 80 more damaged lines"


def test_a_later_schema_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text(json.dumps({"schema": 2, "something": "else"}) + "\n")
    with pytest.raises(InputError, match=r"some.jsonl:1: a record of schema 2; this version reads up to 1") as error:
        list(JournalReader(path))
    assert "\n" not in str(error.value)


def test_the_start_before_a_moment_is_found_in_whichever_file(folder: Path) -> None:
    found = JournalReader(folder).last_start(BEGIN + timedelta(seconds=300))
    assert found is not None
    assert found.kind == "start"
    assert JournalReader(folder).last_start(BEGIN) is None


def test_no_journal_is_one_line(tmp_path: Path) -> None:
    assert not is_journal(tmp_path)
    with pytest.raises(InputError, match="no journal"):
        JournalReader(tmp_path)
    with pytest.raises(InputError, match="no journal"):
        JournalReader(tmp_path / "absent")


def test_a_journal_is_told_from_a_run(folder: Path) -> None:
    assert is_journal(folder)
    assert is_journal(folder / "journal")
    assert is_journal(next((folder / "journal").iterdir()))


def test_memory_does_not_grow_with_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    line = to_line(tick(0, because="x" * 1000))
    path.write_bytes(line * 10_000)  # 17 MB
    next(iter(JournalReader(path)))
    tracemalloc.start()
    count = sum(1 for _ in JournalReader(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 10_000
    assert peak < 2_000_000


def test_a_file_is_known_by_its_day_not_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "journal-20269999-001.jsonl"
    path.write_bytes(to_line(tick(0)))
    since = datetime(2026, 11, 29, tzinfo=UTC)
    assert ticks(JournalReader(path, since=since)) == [0]


def test_a_count_that_the_platform_refused_was_not_written() -> None:
    refused = tick(0, written=5, outcome="rejected 403: forbidden")
    assert not FILTERS["written"](refused)
    assert FILTERS["written"](replace(refused, outcome="ok"))
