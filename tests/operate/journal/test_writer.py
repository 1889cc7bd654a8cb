"""The journal's writer."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from operate.journal.reader import JournalReader
from operate.journal.writer import JournalWriter
from operate.record import Bend
from tests.operate.journal.records import BEGIN, tick

DAY = 86400.0


def writer(folder: Path, *, keep_s: float = 30 * DAY, file_bytes: float = 1e6) -> JournalWriter:
    return JournalWriter(folder, keep_s=keep_s, file_bytes=file_bytes)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_appended_is_read_back_whole(tmp_path: Path) -> None:
    bent = tick(1, bends=(Bend("change_per_tick", 9, 5, "at most 2 a tick"),), seen={"backlog": 3.5, "missed": None})
    with writer(tmp_path / "new" / "journal") as journal:
        journal.append(tick(0, forecast={"0.5": [1.0, 2.0]}))
        journal.append(bent)
    assert list(JournalReader(tmp_path / "new")) == [tick(0, forecast={"0.5": [1.0, 2.0]}), bent]


def test_a_record_is_there_before_the_file_is_closed(tmp_path: Path) -> None:
    journal = writer(tmp_path)
    journal.append(tick(0))
    assert len(list(JournalReader(tmp_path))) == 1
    journal.close()
    journal.close()


def test_a_file_ends_with_its_day_and_at_its_size(tmp_path: Path) -> None:
    with writer(tmp_path, file_bytes=1000) as journal:
        for number in range(4):
            journal.append(tick(number))
        journal.append(tick(0, begin=BEGIN + timedelta(days=1)))
    assert names(tmp_path)[-1] == "journal-20261130-001.jsonl"
    assert names(tmp_path)[:2] == ["journal-20261129-001.jsonl", "journal-20261129-002.jsonl"]
    assert [record.tick for record in JournalReader(tmp_path)] == [0, 1, 2, 3, 0]


def test_a_day_is_that_of_utc(tmp_path: Path) -> None:
    with writer(tmp_path) as journal:
        journal.append(replace(tick(0), at="2026-11-30T00:30:00+02:00"))
    assert names(tmp_path) == ["journal-20261129-001.jsonl"]


def test_what_is_over_for_too_long_is_removed_a_file_at_a_time(tmp_path: Path) -> None:
    with writer(tmp_path, keep_s=2 * DAY) as journal:
        for day in range(6):
            journal.append(tick(0, begin=BEGIN + timedelta(days=day)))
    # The newest file but the one that is begun is that of 3 December: what was over two days before it is gone.
    days = ("1130", "1201", "1202", "1203", "1204")
    assert names(tmp_path) == [f"journal-2026{day}-001.jsonl" for day in days]


def test_a_clock_that_is_wrong_for_once_removes_nothing(tmp_path: Path) -> None:
    with writer(tmp_path, keep_s=DAY) as journal:
        journal.append(tick(0))
        journal.append(tick(1, begin=BEGIN + timedelta(days=4000)))
        journal.append(tick(2))
    assert len(list(JournalReader(tmp_path))) == 3


def test_what_is_no_number_is_null(tmp_path: Path) -> None:
    with writer(tmp_path) as journal:
        journal.append(
            tick(0, seen={"backlog": float("nan"), "service_s": np.float64(1.5)}, info={"step": np.int64(3)})
        )
    (record,) = JournalReader(tmp_path)
    assert record.seen == {"backlog": None, "service_s": 1.5}
    assert record.info == {"step": 3}


KILLED = """
import sys
from pathlib import Path
from operate.journal.writer import JournalWriter
from tests.operate.journal.records import tick
journal = JournalWriter(Path(sys.argv[1]), keep_s=1e6, file_bytes=1e9)
for number in range(10**9):
    journal.append(tick(number, remarks=("x" * 50_000,)))
    print(number, flush=True)
"""


def test_after_a_kill_all_that_was_appended_is_there_and_the_next_writer_glues_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = next(int(line) for line in process.stdout if int(line) >= 20)
        process.send_signal(signal.SIGKILL)
        last = max([last, *(int(line) for line in process.stdout if line.endswith("\n"))])
    with writer(tmp_path) as journal:
        journal.append(tick(7))
    found = [record.tick for record in JournalReader(tmp_path)]
    assert found[: last + 1] == list(range(last + 1))
    assert found[-1] == 7


def test_a_torn_last_line_is_named_and_never_glued_to_the_next_record(tmp_path: Path) -> None:
    with writer(tmp_path) as journal:
        journal.append(tick(0))
        journal.append(tick(1))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    with writer(tmp_path) as journal:
        journal.append(tick(2))
    reader = JournalReader(tmp_path)
    assert [record.tick for record in reader] == [0, 2]
    assert reader.damage == (f"{path}:2: ends in the middle of a record",)


def test_a_full_disk_is_told_and_leaves_no_half_of_a_record(tmp_path: Path) -> None:
    """The limit on a file's size stands for the disk: the kernel takes a part of the line, then refuses."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = writer(tmp_path)
    journal.append(tick(0))
    (path,) = tmp_path.iterdir()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, before[1]))
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            journal.append(tick(1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    journal.append(tick(2))
    journal.close()
    reader = JournalReader(tmp_path)
    assert [record.tick for record in reader] == [0, 2]
    assert reader.damage == ()


def test_a_folder_that_cannot_be_is_told_and_tried_again(tmp_path: Path) -> None:
    place = tmp_path / "journal"
    place.write_text("a file")
    journal = writer(place)
    with pytest.raises(OSError, match="journal"):
        journal.append(tick(0))
    place.unlink()
    journal.append(tick(1))
    journal.close()
    assert [record.tick for record in JournalReader(place)] == [1]


def test_two_writers_of_one_folder_write_files_of_their_own(tmp_path: Path) -> None:
    with writer(tmp_path) as one, writer(tmp_path) as two:
        for number in range(3):
            one.append(tick(number, operator="one"))
            two.append(tick(number, operator="two"))
    assert len(names(tmp_path)) == 2
    assert len(list(JournalReader(tmp_path))) == 6
