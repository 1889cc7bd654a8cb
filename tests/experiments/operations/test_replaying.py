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
