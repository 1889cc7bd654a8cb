"""Step and task records, run folders: same rows, same bytes; what was given up did not meet its deadline."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoscaling_env.config import default_config, load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import RunError
from autoscaling_env.records import StepLog, task_frame
from autoscaling_env.rollout import play_episode
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.testing.fakes import tasks
from autoscaling_env.types import Info, Observation, TaskLog

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Up:
    def reset(self) -> None: ...

    def decide(self, observation: Observation, info: Info) -> int:
        return int(info["requested_workers"]) + 1


def played(objective: str = "shaped") -> pd.DataFrame:
    config = load_config(assignments=[f"reward.objective={objective}", "environment.max_steps=5"])
    log = StepLog(objective)
    env = OpenFaaSAutoscalingEnv(config=config, backend="simpy")
    play_episode(env, Up(), agent="up", episode=0, episode_seed=3, log=log)
    assert len(log) == 5
    return log.frame()


@pytest.mark.parametrize("objective", ["shaped", "cost"])
def test_terms_add_up_to_the_reward(objective: str) -> None:
    steps = played(objective)
    terms = steps.filter(regex="^reward_")
    np.testing.assert_allclose(terms.sum(axis=1), steps["reward"])
    assert steps["step"].tolist() == [1, 2, 3, 4, 5]
    assert steps["truncated"].tolist() == [False] * 4 + [True]


def test_no_step_is_a_frame_with_the_same_columns() -> None:
    empty = StepLog("shaped").frame()
    assert list(empty.columns) == list(played().columns)
    assert empty.empty


def test_a_task_that_was_given_up_missed_its_deadline() -> None:
    batch = tasks(3)
    late = np.array([1.0, 2.0, np.nan])
    log = TaskLog(late, late, late, np.array([False, True, False]))
    frame = task_frame("any", 0, batch, log)
    assert frame["deadline_met"].tolist() == [True, False, False]
    assert task_frame("any", 0, batch, TaskLog(late, late, late))["deadline_met"].tolist() == [True, True, False]


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "test", NOW)
    one, two = (folder.write_frame(name, played()) for name in ("one.parquet", "two.parquet"))
    assert one.read_bytes() == two.read_bytes()


def test_a_run_of_the_same_second_gets_a_number(tmp_path: Path) -> None:
    names = [RunFolder.create(tmp_path, "test", NOW).path.name for _ in range(3)]
    assert names == ["test_run_20260102T030405Z", "test_run_20260102T030405Z_2", "test_run_20260102T030405Z_3"]


def test_the_manifest_says_how_to_repeat_it(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "test", NOW)
    folder.write_start(default_config(), command=["autoscale", "x"], seed=9, started=NOW)
    manifest = RunFolder.open(folder.path).read_json("manifest.json")
    assert (manifest["seed"], manifest["command"]) == (9, ["autoscale", "x"])
    assert manifest["started_utc"] == "2026-01-02T03:04:05Z"
    assert manifest["packages"]["numpy"] == np.__version__
    assert load_config(folder.path / "config.yml") == default_config()


def test_nan_is_no_json(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "test", NOW)
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.write_json("x.json", {"x": float("nan")})
    assert not list(folder.path.iterdir())


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"not a run folder \(no manifest\.json in it\)"):
        RunFolder.open(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(RunError, match=r"manifest\.json: cannot be read"):
        RunFolder.open(tmp_path).read_json("manifest.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="choose another --output-dir"):
        RunFolder.create(tmp_path / "file", "test", NOW)
