"""A journal played again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoscaling_env.errors import InputError
from experiments import replay
from experiments.operations.played import read_stretches
from tests.experiments.operations.recorder import BEGIN, World, play_world, write_journal
from workloads.writing import write_counts, write_recording

WORLD = World(steps=150)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("journal")
    records = play_world(WORLD, "keda", place)
    return write_journal([*records[:40], *records[60:]], place)


def test_the_longest_stretch_is_played_with_its_arrivals_and_counts(folder: Path, tmp_path: Path) -> None:
    found = replay(folder, output_dir=tmp_path)
    assert found.folder is not None
    stretch = read_stretches(folder).longest
    steps = pd.read_parquet(found.folder / "steps.parquet")
    assert steps["requested_workers"].tolist() == stretch.requested[: len(steps)].tolist()
    assert steps["agent"].unique().tolist() == ["keda"]
    assert steps["enqueued_total"].iloc[-1] == stretch.arrived.sum() + stretch.first.backlog + stretch.first.in_flight
    assert np.abs(steps["observed_worker_queue"] - stretch.backlog[: len(steps)]).mean() < 5
    assert "longest of 2 stretches" in found.notes[0]
    assert any("nobody saw the queue for 168 s" in note for note in found.notes)


def test_what_was_replayed_can_be_replayed_itself(folder: Path, tmp_path: Path) -> None:
    once = replay(folder, output_dir=tmp_path)
    assert once.folder is not None
    again = replay(once.folder, output_dir=tmp_path)
    assert again.folder is not None
    one, two = (pd.read_parquet(each / "steps.parquet") for each in (once.folder, again.folder))
    pd.testing.assert_frame_equal(one, two)


def test_a_part_of_a_journal_is_played(folder: Path, tmp_path: Path) -> None:
    found = replay(folder, output_dir=tmp_path, until=BEGIN + timedelta(seconds=39 * 8))
    assert found.folder is not None
    assert len(pd.read_parquet(found.folder / "steps.parquet")) <= 38


def test_settings_are_those_of_the_user(folder: Path, tmp_path: Path) -> None:
    found = replay(folder, output_dir=tmp_path, assignments=["environment.max_steps=5"])
    assert found.folder is not None
    assert len(pd.read_parquet(found.folder / "steps.parquet")) == 5


def test_what_is_wrong_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="max_steps"):
        replay(folder, output_dir=tmp_path / "runs", assignments=["environment.max_steps=0"])
    with pytest.raises(InputError, match="no 10 ticks in a row"):
        replay(folder, output_dir=tmp_path / "runs", until=BEGIN + timedelta(seconds=40))
    assert not list((tmp_path / "runs").glob("*"))
    with pytest.raises(InputError, match="--since and --until belong to one"):
        replay(tmp_path, since=BEGIN)


def test_work_is_that_of_the_recorded_tasks_and_its_mean_the_journals(folder: Path, tmp_path: Path) -> None:
    """Half of the tasks take ten times as long as the others: a gamma distribution has no such gap."""
    file = tmp_path / "shop.csv"
    work_s = np.where(np.arange(400) % 2 == 0, 1.0, 10.0)
    write_recording(1.8e9 + np.arange(400.0), work_s, ["mail"] * 400, file)
    found = replay(folder, output_dir=tmp_path, tasks=file)
    assert found.folder is not None
    tasks = pd.read_csv(found.folder / "arrivals.csv")["service_s"].to_numpy()
    held = int(read_stretches(folder).longest.first.in_flight)
    plain = replay(folder, output_dir=tmp_path)
    assert plain.folder is not None
    others = pd.read_csv(plain.folder / "arrivals.csv")["service_s"].to_numpy()
    assert tasks[held:].mean() == pytest.approx(others[held:].mean(), rel=0.03)
    within = np.abs(tasks[held:] / tasks[held:].mean() - 1)
    assert np.quantile(within, 0.02) > 0.35
    assert np.quantile(np.abs(others[held:] / others[held:].mean() - 1), 0.02) < 0.2


def test_a_recording_without_work_and_one_beside_a_run_are_refused(folder: Path, tmp_path: Path) -> None:
    write_counts(1.8e9, 8.0, np.array([1, 2, 3]), tmp_path / "counts.csv")
    with pytest.raises(InputError, match="no work of a task is recorded there"):
        replay(folder, output_dir=tmp_path / "runs", tasks=tmp_path / "counts.csv")
    with pytest.raises(InputError, match="--tasks belongs to one"):
        replay(tmp_path, tasks=tmp_path / "counts.csv")
    assert not list((tmp_path / "runs").glob("*"))
