"""A journal read, and written as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from autoscaling_env.errors import InputError
from experiments.operations.journals import journal_to_parquet, moment, read_journal
from operate.journal.writer import JournalWriter
from tests.operate.journal.records import BEGIN, tick

NOW = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with JournalWriter(tmp_path / "journal", keep_s=1e9, file_bytes=20_000) as journal:
        for number in range(100):
            written = 3 if number % 10 == 0 else None
            journal.append(tick(number, written=written, because="as <before>", seen={"backlog": float(number)}))
    return tmp_path


def test_what_happened_is_counted_and_the_last_records_are_kept(folder: Path) -> None:
    found = read_journal(folder, last=3)
    assert found.counts["ticks"] == 100
    assert found.counts["written"] == 10
    assert [record.tick for record in found.records] == [97, 98, 99]
    assert found.first == BEGIN.isoformat()
    shown = found.tables()["the last records"][-1]
    assert (shown["Tick"], shown["Backlog"], shown["Why"]) == ("99", "99", "as <before>")
    assert found.to_json()["records"][0]["tick"] == 97


def test_only_what_is_meant_is_counted(folder: Path) -> None:
    found = read_journal(folder, since=BEGIN + timedelta(seconds=400), only=["written"])
    assert found.counts["ticks"] == 5


def test_what_could_not_be_read_is_shown(folder: Path) -> None:
    path = folder / "journal" / "journal-20261130-001.jsonl"
    path.write_text("{]\n")
    assert read_journal(folder).tables()["could not be read"] == [{"Where and what": f"{path}:1: not JSON"}]


def test_all_ticks_become_a_table_in_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operate.journal.frame.TOGETHER", 7)
    assert journal_to_parquet(folder, folder / "out" / "ticks.parquet") == 100
    found = pd.read_parquet(folder / "out" / "ticks.parquet")
    assert found["tick"].tolist() == list(range(100))
    assert found["seen_backlog"].tolist() == [float(number) for number in range(100)]


def test_a_journal_that_cannot_be_read_leaves_no_table(folder: Path) -> None:
    (folder / "journal" / "journal-20261130-001.jsonl").write_text('{"schema": 9}\n')
    with pytest.raises(InputError, match="schema 9"):
        journal_to_parquet(folder, folder / "ticks.parquet")
    assert not (folder / "ticks.parquet").exists()


def test_moments_are_written_as_people_do() -> None:
    assert moment("--since", "30m", NOW) == NOW - timedelta(minutes=30)
    assert moment("--since", "1h30m", NOW) == NOW - timedelta(minutes=90)
    assert moment("--since", "2026-11-29T10:00", NOW) == datetime(2026, 11, 29, 10, tzinfo=UTC)
    assert moment("--since", "2026-11-29T10:00+02:00", NOW) == datetime(2026, 11, 29, 8, tzinfo=UTC)
    for wrong in ("yesterday", "-3h", ""):
        with pytest.raises(InputError, match="--since"):
            moment("--since", wrong, NOW)
