"""What leaves: CSV files, summaries, the generated sample, and files that appear whole."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import numpy as np
import pytest

from autoscaling_env.files import atomic_write
from autoscaling_env.types import TaskBatch
from tests.workloads.making import phased
from workloads import sample_trace_path
from workloads.describing import describe
from workloads.generate import write
from workloads.writing import write_csv


def small() -> TaskBatch:
    arrival_s, service_s = np.array([0.0, 1.0, 2.0, 8.0]), np.array([1.0, 2.0, 3.0, 4.0])
    return TaskBatch(arrival_s, service_s, np.array([2.0, 4.0, 1.0, 8.0]), np.array([0.0, 5.0]))


def test_a_csv_has_one_row_per_task(tmp_path: Path) -> None:
    write_csv(small(), tmp_path / "deep" / "out.csv")
    lines = (tmp_path / "deep" / "out.csv").read_text().splitlines()
    assert lines[0] == "arrival_s,service_s,deadline_s"
    assert lines[1:] == ["0.0,1.0,2.0", "1.0,2.0,4.0", "2.0,3.0,1.0", "8.0,4.0,8.0"]


def test_a_batch_is_described() -> None:
    summary = describe(small(), 10.0)
    assert summary["tasks"] == 4
    assert summary["rate_per_s"] == 0.4
    assert summary["offered_load"] == 1.0
    assert summary["service_s"]["mean"] == 2.5
    assert summary["service_s"]["p50"] == 2.5
    assert summary["impossible"] == 1
    assert summary["segments"] == [
        {"start_s": 0.0, "duration_s": 5.0, "tasks": 3, "rate_per_s": 3 / 5, "offered_load": 6 / 5},
        {"start_s": 5.0, "duration_s": 5.0, "tasks": 1, "rate_per_s": 1 / 5, "offered_load": 4 / 5},
    ]
    json.dumps(summary, allow_nan=False)


def test_segments_add_up() -> None:
    workload = phased(base_rate_per_min=300)
    summary = describe(workload.draw(0), workload.duration_s)
    assert [segment["tasks"] for segment in summary["segments"]] == [90, 450, 300, 300]
    work_s = sum(segment["offered_load"] * segment["duration_s"] for segment in summary["segments"])
    assert work_s == pytest.approx(summary["offered_load"] * summary["duration_s"])


def test_the_sample_is_what_the_script_generates(tmp_path: Path) -> None:
    write(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == sample_trace_path().read_bytes()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old")
    with pytest.raises(TypeError), atomic_write(path) as file:
        file.writelines(["half of the new", 2])
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["kept.txt"]


def test_a_write_replaces_text_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with atomic_write(path) as file:
        file.write("zwölf\n")
        assert not path.exists()
    assert path.read_bytes() == "zwölf\n".encode()
    with atomic_write(path, "wb") as file:
        file.write(b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_only_whole_writes_are_atomic(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mode 'a': must be 'w' or 'wb'"), atomic_write(tmp_path / "x", "a"):
        pass
