"""Histories from training episodes, runs and traces, and what is found in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from agents.planning.forecast import History
from agents.planning.past import Past
from autoscaling_env.errors import InputError
from autoscaling_env.types import TaskBatch
from experiments import Setup, Silent, compare, history
from experiments.forecast_trial import split
from experiments.policies import Setting, find_policy, make_policy
from experiments.recorded_past import DAY_S, Recorded, past_of, recorded_past
from workloads import make_workload
from workloads.scenarios import load_scenario, scenario_seeds


class Remarks(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def steady(duration_s: float, every_s: float, episode_s: float | None = None, *, known: bool = True) -> Recorded:
    arrival_s = np.arange(0.0, duration_s, every_s)
    ones = np.ones_like(arrival_s)
    return Recorded(TaskBatch(arrival_s, ones, 2 * ones), duration_s, episode_s, known)


def trace(path: Path, steps: int, step_s: float = 10.0) -> Path:
    """A plain trace, busy in every other ten steps."""
    rate = np.where(np.arange(steps) // 10 % 2, 3, 9)
    counts = np.random.default_rng(0).poisson(rate)
    arrival_s = (np.repeat(np.arange(steps), counts) + 0.5) * step_s
    service_s = np.full(len(arrival_s), 2.0)
    pd.DataFrame({"arrival_s": arrival_s, "service_s": service_s, "deadline_s": 2 * service_s}).to_csv(
        path, index=False
    )
    return path


def test_a_scenarios_history_is_that_of_the_planner() -> None:
    found = history((), "flash_crowd", episodes=10)
    (past, data) = (found.past, found.to_json())
    config = load_scenario("flash_crowd")
    seeds = Setting(config, make_workload(config), scenario_seeds("flash_crowd")[0], Path()).training_seeds(10)
    batch = make_workload(config).draw(seeds[3])
    assert past.history.episodes[3].sum() == len(batch)
    assert (len(past.history.episodes), past.history.step_s, past.history.period) == (10, 8.0, 0)
    assert data["history"]["held_back_steps"] == 2 * len(past.history.episodes[0])
    assert set(data["forecasters"]) == {"persistence", "profile", "analogs", "mixture"}
    assert data["forecasters"]["persistence"]["of_persistence"] == 1
    assert data["forecasters"]["profile"]["of_persistence"] < 0.5
    assert data["forecasters"]["mixture"]["weight"] is None
    assert sum(row["weight"] or 0 for row in data["forecasters"].values()) == pytest.approx(1)
    assert Path("history.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    for ours, read in zip(past.history.episodes, Past.load("history.npz").history.episodes, strict=True):
        assert_array_equal(ours, read)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = Setup("flash_crowd", settings={"environment.max_steps": 20})
    folder = compare(["static-4", "static-6"], where, episodes=3, output_dir=tmp_path_factory.mktemp("runs")).folder
    assert folder is not None
    return folder


@pytest.fixture
def run(played: Path) -> Path:
    """A run of the test's own."""
    return Path(shutil.copytree(played, "run"))


def test_a_run_is_a_history_of_its_episodes(run: Path) -> None:
    remarks = Remarks()
    past = recorded_past([run, run], Setup(), None, remarks)
    assert len(past.history.episodes) == 3
    assert past.history.step_s == 8.0
    tasks = pd.read_parquet(run / "tasks.parquet").drop_duplicates(["episode", "task"])
    assert [episode.sum() for episode in past.history.episodes] == tasks.groupby("episode").size().tolist()
    assert past.tasks is not None
    assert len(past.tasks.arrival_s) == len(tasks)
    assert remarks.notes == ["history: 3 of 6 episodes have the tasks of another one, and count once"]


def test_a_step_that_is_said_wins_over_the_runs(run: Path) -> None:
    past = recorded_past([run], Setup(settings={"environment.step_duration_s": 4.0}), None, Silent())
    assert past.history.step_s == 4.0


def test_a_trace_is_cut_into_episodes_as_it_was_recorded() -> None:
    where = Setup(settings={"environment.step_duration_s": 10.0})
    past = recorded_past([trace(Path("a.csv"), 95)], where, 200.0, Silent())
    assert [len(episode) for episode in past.history.episodes] == [20] * 4
    recorded = pd.read_csv("a.csv")["arrival_s"] - pd.read_csv("a.csv")["arrival_s"].min()
    assert past.history.episodes[1].sum() == ((recorded >= 200) & (recorded < 400)).sum()
    assert past.tasks is not None
    assert_allclose(past.tasks.service_s, 2.0)
    assert past.tasks.arrival_s.max() < 200


def test_a_trace_of_counts_knows_no_work() -> None:
    counts = pd.DataFrame({"timestamp": np.arange(40) * 10, "count": np.arange(40) % 7})
    counts.to_csv("counts.csv", index=False)
    where = Setup(settings={"environment.step_duration_s": 10.0}, column="count")
    found = history([Path("counts.csv")], where, horizon_s=20)
    assert found.past.tasks is None
    assert found.describe()["mean_service_s"] is None
    assert_array_equal(np.concatenate(found.past.history.episodes), np.arange(40) % 7)


def test_more_than_two_days_are_days() -> None:
    past = past_of([steady(3.5 * DAY_S, 600.0, DAY_S)], 600.0, None, Silent())
    assert [len(episode) for episode in past.history.episodes] == [144] * 3
    assert (past.history.period, past.history.offsets) == (144, (0, 0, 0))
    assert all((episode == 1).all() for episode in past.history.episodes)


def test_four_weeks_are_weeks() -> None:
    remarks = Remarks()
    past = past_of([steady(28 * DAY_S, 3600.0, DAY_S)], 3600.0, None, remarks)
    assert past.history.period == 7 * 24
    assert past.history.offsets == tuple(24 * (day % 7) for day in range(28))
    assert remarks.notes == ["history: time is that of the week, counted from when recording began"]


def test_hours_of_a_long_recording_know_their_time_of_day() -> None:
    past = past_of([steady(3 * DAY_S, 600.0, DAY_S)], 600.0, 7 * 3600.0, Silent())
    assert past.history.offsets[:5] == (0, 42, 84, 126, 24)


@pytest.mark.parametrize("others", [steady(600.0, 60.0), steady(DAY_S, 60.0)])
def test_beside_a_short_one_time_is_that_since_the_start(others: Recorded) -> None:
    past = past_of([steady(3 * DAY_S, 600.0, DAY_S), others], 600.0, None, Silent())
    assert past.history.period == 0
    assert len(past.history.episodes) == 4


def test_steps_that_do_not_fit_into_a_day_have_no_time_of_day() -> None:
    assert past_of([steady(3 * DAY_S, 600.0, DAY_S)], 7.0, None, Silent()).history.period == 0


def test_work_that_is_not_known_is_not_kept() -> None:
    past = past_of([steady(60.0, 1.0, known=False), steady(70.0, 2.0)], 5.0, None, Silent())
    assert past.tasks is not None
    assert len(past.tasks.arrival_s) == 35
    assert past_of([steady(60.0, 1.0, known=False)], 5.0, None, Silent()).tasks is None


def test_a_single_episode_is_held_back_in_part() -> None:
    known, rest = split(History(5.0, (np.arange(10),), 7, (3,)), 0.2)
    assert [part.episodes[0].tolist() for part in (known, rest)] == [list(range(8)), [8, 9]]
    assert rest.offsets == ((3 + 8) % 7,)


@pytest.mark.parametrize(("count", "share", "held"), [(2, 0.01, 1), (2, 0.99, 1), (10, 0.2, 2), (10, 0.55, 6)])
def test_the_last_episodes_are_held_back(count: int, share: float, held: int) -> None:
    episodes = tuple(np.array([number]) for number in range(count))
    known, rest = split(History(5.0, episodes), share)
    assert (len(known.episodes), len(rest.episodes)) == (count - held, held)
    assert rest.episodes[-1].tolist() == [count - 1]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"held_back": 1.0}, "--held-back 1: must be above 0 and below 1"),
        ({"horizon_s": 0.0}, "--horizon 0: must be seconds above 0"),
        ({"episode_s": float("inf")}, "--episode inf: must be seconds above 0"),
        ({"horizon_s": 1e5}, "--horizon 100000: what is held back lasts"),
        ({"sources": [Path("nowhere")]}, "nowhere: "),
        ({"sources": [Path()]}, "tasks.parquet: not there"),
        ({"sources": [Path()], "where": Setup(trace=Path("a.csv"))}, "--trace a.csv: stands for training episodes"),
        ({"where": "flash_crow"}, "flash_crow"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as refused:
        history(**{"where": "reference", "episodes": 2, **changes})
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    assert list(Path().iterdir()) == []


def test_a_run_of_other_columns_is_one_line(run: Path) -> None:
    pd.DataFrame({"episode": [1]}).to_parquet(run / "tasks.parquet")
    with pytest.raises(InputError, match="no column"):
        recorded_past([run], Setup(), None, Silent())


def test_a_recording_without_a_task_is_one_line() -> None:
    nothing = Recorded(TaskBatch(np.zeros(0), np.zeros(0), np.zeros(0)), 60.0, None)
    with pytest.raises(InputError, match="no task in what was recorded"):
        past_of([nothing], 5.0, None, Silent())


@pytest.fixture(scope="module")
def crowds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("history") / "crowds.npz"
    history((), "flash_crowd", episodes=4, output=file)
    return file


class TestPlannerWithAFile:
    def make(self, file: Path) -> Any:
        config = load_scenario("flash_crowd", assignments=("environment.max_steps=4",))
        return make_policy(f"planner:{file}", Setting(config, make_workload(config), 1, Path()))

    @pytest.fixture
    def file(self, crowds: Path) -> Path:
        """A file of the test's own."""
        return Path(shutil.copy(crowds, "Mine.npz"))

    def test_it_has_the_files_name(self, file: Path) -> None:
        assert find_policy(f"planner:{file}").name == "planner-Mine"

    @pytest.mark.parametrize("with_tasks", [True, False])
    def test_it_plays(self, file: Path, with_tasks: bool) -> None:
        if not with_tasks:
            replace(Past.load(file), tasks=None).save(file)
        where = Setup("flash_crowd", settings={"environment.max_steps": 3})
        found = compare([f"planner:{file}"], where, episodes=1)
        assert found.table()["total_reward"].notna().all()

    def test_its_work_is_that_of_the_file(self, file: Path) -> None:
        past = Past.load(file)
        assert past.tasks is not None
        longer = replace(past.tasks, service_s=np.full_like(past.tasks.service_s, 77.0))
        replace(past, tasks=longer).save(file)
        service_s, _ = self.make(file)._pool.draw(np.array([5.0, 50.0]), np.random.default_rng(0))
        assert_array_equal(service_s, 77.0)

    def test_other_steps_are_refused(self, file: Path) -> None:
        past = Past.load(file)
        replace(past, history=replace(past.history, step_s=5.0)).save(file)
        with pytest.raises(InputError, match="counts steps of 5 s, the environment's take 8 s"):
            self.make(file)

    @pytest.mark.parametrize("write", [lambda path: None, lambda path: path.write_text("no")])
    def test_a_file_that_cannot_be_read_is_told_at_once(self, write: Callable[[Path], object]) -> None:
        write(Path("bad.npz"))
        with pytest.raises(InputError, match=r"^bad\.npz: not"):
            find_policy("planner:bad.npz")
