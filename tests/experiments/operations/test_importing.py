"""What a queue keeps becomes a recording: every task once, with its work where that is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from agents.planning.past import Past
from autoscaling_env.config import load_config
from autoscaling_env.config.yaml import parse
from autoscaling_env.errors import AutoscalingError, BackendError
from experiments import compare, operate_config, queue_history, tasks_of
from experiments.listening import Silent
from experiments.operations.importing import Imported, asked_queue, import_past
from experiments.periodic_past import periodic_past
from experiments.recorded_past import recordings
from experiments.setup import Setup
from operate.config import TasksConfig
from tests.experiments.operations.ledgers import MONDAY_S, installed, write_book, write_config
from workloads.work import NAMELESS
from workloads.writing import write_counts, write_recording

HOUR_S = 3600.0
OF_A_TASK = st.tuples(
    st.floats(0, 2 * HOUR_S).map(lambda value: round(value, 6)),
    st.one_of(st.none(), st.floats(0, 1e4)),
    st.sampled_from(["", "mail", "007", "7", 'a,"b"', "shop.tasks.report", "ü"]),
)


@pytest.fixture(scope="module", autouse=True)
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with installed(tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def day(hours: float = 6.0, *, unknown: int = 0) -> list[tuple[float, float | None, str]]:
    """Mail twice a minute, a report every five minutes, from a Monday on."""
    mail = [(MONDAY_S + at, 1.0, "mail") for at in np.arange(5.0, hours * HOUR_S, 30.0).tolist()]
    reports = [(MONDAY_S + at, 20.0, "report") for at in np.arange(60.5, hours * HOUR_S, 300.0).tolist()]
    tasks: list[tuple[float, float | None, str]] = sorted([*mail, *reports])
    return [(came, None if place < unknown else work, name) for place, (came, work, name) in enumerate(tasks)]


def imported(kind: str, *, since_s: float = 7 * 86400.0, wall_s: float = 0.0, **options: Any) -> Imported:
    asked = asked_queue(None, [f"kind={kind}", "file=book.json"])
    return import_past(asked, since_s, Path("book.csv"), wall=lambda: wall_s, **options)


def test_a_queue_that_remembers_gives_every_task() -> None:
    write_book(day(unknown=3), now_s=MONDAY_S + 6 * HOUR_S, remarks=["results older than 6 h are gone"])
    found = imported("ledger")
    rows = pd.read_csv("book.csv", keep_default_na=False, dtype=str)
    assert list(rows.columns) == ["timestamp", "service_s", "task"]
    assert len(rows) == found.tasks == 792
    assert (rows["service_s"] == "").sum() == 3
    assert found.remarks == ("results older than 6 h are gone",)
    assert (found.first_s, found.described) == (MONDAY_S + 5, "queue in book.json")
    assert found.work is not None
    assert [(each.name, each.tasks) for each in found.work.by_name()] == [("mail", 720), ("report", 72)]


def test_a_queue_that_counts_gives_its_counts() -> None:
    write_book(day(1.0), now_s=MONDAY_S + HOUR_S)
    found = imported("tally", since_s=HOUR_S, step_s=60.0, wall_s=MONDAY_S + HOUR_S)
    rows = pd.read_csv("book.csv")
    assert list(rows.columns) == ["timestamp", "count"]
    assert rows["timestamp"].tolist() == [MONDAY_S + 60 * step for step in range(60)]
    assert rows["count"].sum() == found.tasks == 132
    assert found.work is None
    assert "only how many came in each 60 s is known" in found.remarks[-1]


def test_where_tasks_are_forgotten_counts_are_asked_for_and_it_is_said() -> None:
    write_book(day(1.0), now_s=MONDAY_S + HOUR_S)
    found = imported("both", since_s=HOUR_S, wall_s=MONDAY_S + HOUR_S)
    assert found.tasks == 132
    assert found.remarks[0] == "results expire at once (result_ttl)"


@pytest.mark.parametrize(
    ("kind", "book", "line"),
    [
        ("blind", day(1.0), "queue in book.json does not know what came before: a source of kind blind only tells"),
        ("ledger", [], "queue in book.json: no task in the last 604,800 s is kept; old ones are gone"),
        ("tally", [], "queue in book.json: no task in the last 604,800 s is kept; ask for longer with --since"),
        ("ledger", None, "book.json: cannot be reached"),
        ("tally", None, "book.json: cannot be reached"),
        ("legder", [], "--source kind=legder (did you mean 'ledger'?): must be one of "),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(kind: str, book: Any, line: str) -> None:
    if book is not None:
        write_book(book, now_s=MONDAY_S + HOUR_S, remarks=["old ones are gone"])
    before = set(Path().iterdir())
    with pytest.raises(AutoscalingError) as refused:
        imported(kind)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    assert set(Path().iterdir()) == before
    assert isinstance(refused.value, BackendError) == (book is None)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (["kind"], "--source kind: write key=value"),
        (["file=book.json"], "--source kind=...: must be one of "),
        (["kind=ledger"], "file: is missing"),
        (["kind=ledger", "file=a", "pace=3"], "pace"),
    ],
)
def test_a_wrong_setting_is_named(settings: list[str], line: str) -> None:
    with pytest.raises(AutoscalingError, match=line.replace("?", r"\?").replace(".", r"\.")):
        asked_queue(None, settings)


def test_the_same_tasks_are_the_same_bytes_and_a_failed_write_keeps_the_old_file() -> None:
    write_book(day(), now_s=MONDAY_S + 6 * HOUR_S)
    imported("ledger")
    first = Path("book.csv").read_bytes()
    imported("ledger")
    assert Path("book.csv").read_bytes() == first
    with pytest.raises(ZeroDivisionError):
        write_recording(np.array([1e9]), np.array([1.0]), _Broken(), Path("book.csv"))
    assert Path("book.csv").read_bytes() == first
    assert [each.name for each in Path().glob("*book.csv*")] == ["book.csv"]


class _Broken(list[str]):
    def __getitem__(self, place: Any) -> Any:
        raise ZeroDivisionError


@given(tasks=st.lists(OF_A_TASK, min_size=1, max_size=40))
@settings(max_examples=40)
def test_no_task_is_lost_or_made_on_the_way_to_a_history(tasks: list[tuple[float, float | None, str]]) -> None:
    tasks.sort(key=lambda each: each[0])
    came_s = MONDAY_S + np.array([each[0] for each in tasks])
    work_s = np.array([np.nan if each[1] is None else each[1] for each in tasks])
    names = [each[2] for each in tasks]
    write_recording(came_s, work_s, names, "law.csv")
    (found,), step_s = recordings([Path("law.csv")], Setup(), Silent())
    assert found.work is not None
    counted = {each.name: each.tasks for each in found.work.by_name()}
    assert counted == {name or NAMELESS: names.count(name) for name in names}
    assert found.work.unknown == np.isnan(work_s).sum()
    assert_allclose(found.batch.arrival_s, came_s - came_s[0], atol=2e-6)
    known = ~np.isnan(work_s)
    assert_allclose(np.sort(found.work.service_s[~np.isnan(found.work.service_s)]), np.sort(work_s[known]), rtol=1e-12)
    if known.any():
        assert np.isfinite(found.batch.service_s).all()
        assert set(found.batch.service_s) <= {*found.work.service_s.tolist()}
    past = periodic_past([found], step_s, None, 86400.0)
    assert sum(int(episode.sum()) for episode in past.history.episodes) == len(tasks)
    assert (past.tasks is None) == (not known.any())
    assert past.tasks is None or len(past.tasks.arrival_s) == len(tasks)


@given(
    counts=st.lists(st.integers(0, 9), min_size=2, max_size=60).filter(any), step_s=st.sampled_from([1.0, 8.0, 60.0])
)
@settings(max_examples=40)
def test_no_count_is_lost_or_moved_on_the_way_to_a_history(counts: list[int], step_s: float) -> None:
    write_counts(MONDAY_S + 0.25, step_s, np.array(counts), "law.csv")
    setup = Setup(settings={"environment.step_duration_s": step_s})
    (found,), step = recordings([Path("law.csv")], setup, Silent())
    past = periodic_past([found], step, None, 86400.0)
    assert_array_equal(np.concatenate(past.history.episodes), counts)
    assert past.history.offsets == (0,)


def test_a_controllers_configuration_makes_a_history_for_its_planner() -> None:
    write_book(day(6.0, unknown=5), now_s=MONDAY_S + 6 * HOUR_S)
    found = queue_history(write_config("ledger", interval="30s"), since="7d", output=Path("shop.npz"))
    assert {name: str(path) for name, path in found.files.items()} == {
        "recording": "shop.csv",
        "history": "shop.npz",
        "picture": "shop.png",
    }
    past = Past.load("shop.npz")
    assert (past.history.step_s, past.history.period, past.history.offsets) == (30.0, 2880, (0,))
    assert past.history.episodes[0].sum() == 792
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["imported"]["tasks"] == data["work"]["all"]["tasks"] == 792
    assert data["work"]["all"]["known"] == 787
    assert data["work"]["by_name"][0] == {
        "name": "mail", "tasks": 720, "share": 720 / 792, "known": 716, "work_share": 716 / (716 + 71 * 20),
        "mean_s": 1.0, "cv": 0.0, "p50_s": 1.0, "p95_s": 1.0, "p99_s": 1.0,
    }  # fmt: skip
    assert "of 5 tasks nobody knows it" in str(found.tables())
    config = operate_config("operate.yml", ["policy=planner:shop.npz"])
    assert config.interval == past.history.step_s


def test_time_is_that_of_the_clock() -> None:
    """A recording that begins on Monday at 22:00 and ends on Tuesday at 02:00 goes over midnight."""
    came = [MONDAY_S + 22 * HOUR_S + 60.0 * minute for minute in range(240)]
    write_book([(at, 1.0, "mail") for at in came], now_s=came[-1])
    past = periodic_past(recordings([imported("ledger").file], Setup(), Silent())[0], 8.0, None, 86400.0)
    history, tasks = past.history, past.tasks
    assert history.offsets == (int(22 * HOUR_S // 8),)
    assert tasks is not None
    assert tasks.arrival_s[0] == pytest.approx(22 * HOUR_S)
    assert tasks.arrival_s[-1] == pytest.approx(2 * HOUR_S - 60)
    laps = history.laps()
    assert laps.shape == (2, 10_800)
    assert np.nansum(laps[0]) == np.nansum(laps[1]) == 120


def test_the_lines_are_read_by_controller_and_simulator() -> None:
    write_book(day(), now_s=MONDAY_S + 6 * HOUR_S)
    found = queue_history(None, ["kind=ledger", "file=book.json"], output=Path("shop.csv"))
    assert found.history is None
    lines = found.settings()
    work = found.imported.work
    assert work is not None
    tasks = TasksConfig(**parse(lines["operate.yml"], "lines")[0]["tasks"])
    assert tasks.service_time == pytest.approx(work.all().mean_s, rel=1e-3)
    assert tasks.variation == pytest.approx(work.all().cv, rel=1e-3)
    Path("work.yml").write_text(lines["--config FILE"])
    drawn = tasks_of(Setup(config=Path("work.yml"))).batch.service_s
    assert drawn.mean() == pytest.approx(tasks.service_time, rel=0.3)
    assert load_config(Path("work.yml")).workload.service.distribution.kind == "gamma"


def test_policies_play_the_recording() -> None:
    write_book(day(1.0, unknown=4), now_s=MONDAY_S + HOUR_S)
    imported("ledger")
    where = Setup(trace=Path("book.csv"), as_recorded=True, settings={"environment.max_steps": 450})
    found = compare(["static-4"], where, episodes=1, output_dir=Path("runs"))
    assert found.folder is not None
    assert len(pd.read_parquet(found.folder / "tasks.parquet")) == 132


def test_too_short_for_a_history_leaves_the_recording_and_says_so() -> None:
    write_book(day(0.02), now_s=MONDAY_S + HOUR_S)
    with pytest.raises(AutoscalingError) as refused:
        queue_history(write_config("ledger"), output=Path("shop.npz"))
    assert "what the queue keeps is in shop.csv" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not Path("shop.npz").exists()
    assert Path("shop.csv").exists()
