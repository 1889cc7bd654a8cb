"""Running a study: what is finished stays, what failed is told, what was broken off goes on, to the same bytes."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from autoscaling_env.errors import InputError
from experiments.studies import carrying, queueing, training_cell
from experiments.studies.carrying import Job, Outcome, carry_out
from experiments.studies.cells import Cell
from experiments.studies.planning import plan_study, study_status
from experiments.studies.reporting import report_study
from experiments.studies.store import CELLS, finished, manifests
from experiments.studies.versions import code_version
from tests.experiments.studies.making import RULES, TINY, Here, Told, made, opened, record_hashes, run


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits before it is tried again."""
    monkeypatch.setattr(queueing, "BACKOFF_S", 0.0)


def test_a_study_is_run_once_and_its_records_are_those_of_a_comparison(tmp_path: Path) -> None:
    from experiments import Setup, compare

    study, told, here = opened(tmp_path), Told(), Here()
    found = run(study, here, listener=told)
    assert (found.failed, found.interrupted) == ({}, False)
    assert found.progress.done == found.progress.total == 6
    assert next(cell.kind for cell in here.ran) == "train"
    assert sorted(told.figures) == [("flash_crowd", "sarsa"), ("flash_crowd", "static-9")]
    again = Here()
    run(study, again)
    assert again.ran == []
    (cell,) = (cell for cell in study.cells if cell.label == "static-9" and cell.run == 0)
    known = manifests(study.store, [cell.address])[cell.address]
    steps = pd.read_parquet(study.store.path(f"{CELLS}/{cell.address}/{known['attempt']}/steps.parquet"))
    where = Setup("flash_crowd", settings=TINY["settings"])
    pd.testing.assert_frame_equal(steps, compare(["static-9"], where, episodes=2).steps["flash_crowd"])


def test_a_cell_that_fails_is_told_and_ends_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(cell: Cell, job: Job) -> Outcome | None:
        broken = cell.kind == "train" and cell.run == 1
        return Outcome(cell.address, error="the reward is not finite") if broken else None

    study, told = opened(tmp_path), Told()
    found = run(study, Here(failing), listener=told)
    assert found.failed == {"train sarsa in flash_crowd, run 2": "the reward is not finite"}
    assert (found.progress.done, found.progress.failed, found.progress.blocked) == (4, 1, 1)
    assert told.notes == ["train sarsa in flash_crowd, run 2: failed: the reward is not finite"]
    assert study_status(study).failed == dict(found.failed)
    again = Here()
    assert not run(study, again).failed
    assert [cell.run for cell in again.ran] == [1, 1]
    assert study_status(study).failed == {}


def test_errors_of_a_machine_are_tried_again_and_others_are_not(tmp_path: Path) -> None:
    study, told = opened(tmp_path, RULES), Told()
    errors = iter([Outcome(next(iter(study.once)), error="No space left on device", machine=True)] * 2)
    here = Here(lambda cell, job: next(errors, None))
    assert not run(study, here, listener=told).failed
    assert len(here.ran) == 3
    assert "tried again (2 of 5)" in told.notes[0]
    study = opened(made(tmp_path / "more"), RULES)
    always = Here(lambda cell, job: Outcome(cell.address, error="killed", machine=True))
    assert len(run(study, always, attempts=3).failed) == 1
    assert len(always.ran) == 3


@pytest.mark.parametrize(
    ("error", "line", "machine"),
    [
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device", True),
        (MemoryError(), "MemoryError: MemoryError", True),
        (InputError("a setting"), "a setting", False),
        (ZeroDivisionError("of ours"), "ZeroDivisionError: of ours", False),
    ],
)
def test_what_an_error_is_called(
    error: Exception, line: str, machine: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(carrying, "_run", broken)
    (cell,) = opened(tmp_path, RULES).cells
    found = carry_out(_job(tmp_path, cell))
    assert (found.error, found.machine) == (line, machine)
    assert ("broken" in found.trace) == isinstance(error, ZeroDivisionError)
    assert finished(opened(tmp_path, RULES).store) == set()


def test_other_code_is_refused(tmp_path: Path) -> None:
    (cell,) = opened(tmp_path, RULES).cells
    other = {**code_version(), "numpy": "1.0"}
    found = carry_out(Job(str(tmp_path / "store"), cell.to_json(), "1", other))
    assert found.machine
    assert "other code on" in found.error
    assert "numpy" in found.error


def test_a_training_goes_on_from_its_checkpoint_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = opened(made(tmp_path / "whole")), opened(made(tmp_path / "broken"))
    run(whole)
    saved = training_cell._Keeping.saved
    seen: list[Path] = []

    def dies(self: Any, path: Path) -> None:
        saved(self, path)
        seen.append(path)
        if path.name == "sarsa_ep0002.safetensors" and sum(each.name == path.name for each in seen) <= 2:
            raise OSError(5, "the machine is gone")

    monkeypatch.setattr(training_cell._Keeping, "saved", dies)
    assert not run(broken).failed
    begun = {path.parents[1].name for path in seen if path.name == "sarsa_ep0000.safetensors"}
    gone_on = {path.parents[1].name for path in seen} - begun
    assert (len(begun), len(gone_on)) == (2, 2)
    assert record_hashes(whole) == record_hashes(broken)
    for address, manifest in manifests(broken.store, list(broken.once)).items():
        assert broken.store.names(f"{CELLS}/{address}") == [manifest["attempt"]]


def test_what_cannot_be_gone_on_from_is_begun_anew(tmp_path: Path) -> None:
    study = opened(tmp_path)
    cell = study.cells[0]
    folder = tmp_path / "store" / CELLS / cell.address / "earlier"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    assert training_cell.furthest(study.store, cell.address, "mine") == "earlier"
    assert not carry_out(_job(tmp_path, cell)).error


def test_a_stop_leaves_what_the_next_run_goes_on_with(tmp_path: Path) -> None:
    study, stop = opened(tmp_path), threading.Event()

    def stopping(cell: Cell, job: Job) -> None:
        if cell.kind == "evaluate":
            stop.set()

    first = run(study, Here(stopping, slots=1), stop=stop)
    assert first.interrupted
    assert 0 < first.progress.done < 6
    assert plan_study(study).done == first.progress.done
    rest = Here()
    second = run(study, rest)
    assert not second.interrupted
    assert len(rest.ran) == 6 - first.progress.done


def test_no_more_is_handed_out_than_there_are_slots(tmp_path: Path) -> None:
    here = Here(slots=3)
    run(opened(tmp_path, RULES, evaluate={"policies": [f"static-{n}" for n in range(5, 15)], "episodes": 1}), here)
    assert here.most_at_once == 3


def test_equal_cells_are_run_once_and_count_for_both(tmp_path: Path) -> None:
    both = [{"agents": ["sarsa"], "seeds": 1, "episodes": 1, "name": name} for name in ("one", "two")]
    study, told, here = opened(tmp_path, TINY, train=both), Told(), Here()
    found = run(study, here, listener=told)
    assert found.progress.total == len(here.ran) == 3
    assert told.figures[("flash_crowd", "one")] == told.figures[("flash_crowd", "two")]


def test_a_report_has_every_figure_with_its_interval_and_seeds(tmp_path: Path) -> None:
    study = opened(tmp_path)
    with pytest.raises(InputError, match="no evaluation is finished"):
        report_study(study, tmp_path / "report")
    run(study)
    found = report_study(study, tmp_path / "report")
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "report.md",
        "runs.csv",
        "profiles.png",
        "efficiency.png",
        "quality.png",
    }
    rows = {row["Policy"]: row for row in found.tables()["flash_crowd"]}
    assert set(rows) == {"sarsa", "static-9"}
    assert rows["sarsa"]["Seeds"] == "2"
    assert rows["sarsa"]["Episodes"] == "4"
    assert "[" in rows["sarsa"]["Episode return [95 % interval]"]
    assert {row["Policy"] for row in found.tables()["over all scenarios"]} == {"sarsa", "static-9"}
    assert len(pd.read_csv(tmp_path / "report" / "runs.csv")) == 4
    json.dumps(found.to_json(), allow_nan=False)
    steps = set(found.checkpoints["episode"])
    assert steps == {0, 1, 2, 3}


def test_a_study_with_one_run_of_each_has_intervals_over_episodes(tmp_path: Path) -> None:
    study = opened(tmp_path, RULES, evaluate={"policies": ["static-9", "keda"], "episodes": 3, "record": "episodes"})
    run(study)
    rows = report_study(study, tmp_path / "report").tables()["flash_crowd"]
    assert [row["Seeds"] for row in rows] == ["1", "1"]
    assert all("[" in row["Episode return [95 % interval]"] for row in rows)


def _job(folder: Path, cell: Cell) -> Job:
    return Job(str(folder / "store"), cell.to_json(), "1", code_version())
