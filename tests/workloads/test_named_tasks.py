"""Recordings that say what each task is, and of some of which nobody knows the work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from autoscaling_env.errors import TraceError
from tests.workloads.making import traced
from workloads.unknown_work import KnownWork
from workloads.work import ALL, NAMELESS, SHOWN, NamedWork, name_codes

HEAD = "timestamp,service_s,task\n"
ROWS = "1800000000,2,mail\n1800000010,,mail\n1800000020,7,report\n1800000030,,\n1800000040,4,mail\n"


def written(folder: Path, text: str) -> Path:
    (folder / "tasks.csv").write_text(text)
    return folder / "tasks.csv"


def test_names_are_read_and_what_is_not_known_is_drawn_from_the_same(tmp_path: Path) -> None:
    workload = traced(written(tmp_path, HEAD + ROWS), as_recorded=True)
    assert workload.work is not None
    assert workload.work.unknown == 2
    assert [(each.name, each.tasks, each.known) for each in workload.work.by_name()] == [
        ("mail", 3, 2),
        (NAMELESS, 1, 0),
        ("report", 1, 1),
    ]
    assert "The work of 2 of 5 tasks is not recorded" in " ".join(workload.notes)
    assert "Not used" not in " ".join(workload.notes)
    drawn = np.array([workload.draw(seed).service_s for seed in range(60)])
    assert_array_equal(drawn[:, [0, 2, 4]], [[2, 7, 4]] * 60)
    assert set(drawn[:, 1]) == {2, 4}
    assert set(drawn[:, 3]) == {2, 4, 7}
    assert_array_equal(workload.draw(3).service_s, workload.draw(3).service_s)
    assert workload.mean_service_s == pytest.approx((2 + 3 + 7 + 13 / 3 + 4) / 5)
    assert workload.began_s == 1_800_000_000


def test_thinned_and_repeated_it_has_known_work_too(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROWS)
    for load in (0.6, 7.3):
        assert np.isfinite(traced(path, load=load).draw(1).service_s).all()


def test_functions_choose_among_the_names(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROWS)
    assert len(traced(path, as_recorded=True, functions=["ma"]).draw(0)) == 3
    with pytest.raises(TraceError, match="no function starts with 'rep0'"):
        traced(path, as_recorded=True, functions=["rep0"])


def test_names_that_look_like_numbers_stay_apart(tmp_path: Path) -> None:
    workload = traced(written(tmp_path, HEAD + "1800000000,1,007\n1800000001,1,7\n"), as_recorded=True)
    assert workload.work is not None
    assert [each.name for each in workload.work.by_name()] == ["007", "7"]


def test_where_no_work_is_known_it_is_that_of_the_configuration(tmp_path: Path) -> None:
    workload = traced(written(tmp_path, HEAD + "1800000000,,a\n1800000001,,b\n"), as_recorded=True)
    assert not workload.work_recorded
    assert "The work of no task is recorded." in workload.notes
    assert workload.work is not None
    assert workload.work.all().known == 0
    assert workload.work.all().mean_s is None


def test_without_names_an_empty_cell_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=":3: service_s: is empty"):
        traced(written(tmp_path, "arrival_s,service_s\n0,1\n1,\n"))


def test_times_and_a_column_task_alone_are_counts_as_ever(tmp_path: Path) -> None:
    workload = traced(written(tmp_path, "timestamp,task\n0,3\n10,4\n20,5\n"), as_recorded=True)
    assert len(workload.draw(0)) == 12


def test_a_clock_that_counts_from_the_start_says_no_moment(tmp_path: Path) -> None:
    assert traced(written(tmp_path, "arrival_s,service_s\n0,1\n1,2\n"), as_recorded=True).began_s is None
    assert traced(written(tmp_path, "timestamp,count\n0,1\n10,2\n"), as_recorded=True).began_s is None
    dates = "timestamp,count\n2026-01-31T00:00:10Z,1\n2026-01-31T00:00:20Z,2\n"
    assert traced(written(tmp_path, dates), as_recorded=True).began_s == 1_769_817_610


@given(
    work=st.lists(st.one_of(st.just(np.nan), st.floats(0, 1e6)), min_size=1, max_size=30).filter(
        lambda values: bool(np.isfinite(values).any())
    ),
    seed=st.integers(0, 99),
)
def test_drawn_work_is_somebodys_of_the_same_name(work: list[float], seed: int) -> None:
    service_s, task = np.array(work), np.arange(len(work)) % 3
    known = KnownWork(service_s, task)
    filled = known.drawn(service_s, task, np.random.default_rng(seed))
    for place, value in enumerate(filled):
        alike = service_s[(task == task[place]) & np.isfinite(service_s)]
        others = alike if len(alike) else service_s[np.isfinite(service_s)]
        assert value == service_s[place] if np.isfinite(service_s[place]) else value in others
    assert known.expected(service_s, task).mean() >= 0


def test_shares_add_up_and_many_names_are_shown_together() -> None:
    names, code = name_codes([f"task{number % 30:02d}" for number in range(900)])
    work = NamedWork(names, code, np.arange(900.0))
    found = work.by_name()
    assert sum(each.tasks for each in found) == 900
    assert sum(each.share for each in found) == pytest.approx(1)
    assert sum(each.work_share for each in found) == pytest.approx(1)
    rows = work.rows()
    assert len(rows) == SHOWN + 2
    assert rows[-2]["Task"] == "(10 others)"
    assert rows[-2]["tasks"] == "300"
    assert (rows[-1]["Task"], rows[-1]["tasks"], rows[-1]["p50"]) == (ALL, "900", "449.5")


def test_what_is_most_work_is_told_apart() -> None:
    work = NamedWork(("a", "b", "c", "d"), np.array([0, 0, 1, 2, 3]), np.array([1.0, 2.0, 9.0, 1.0, np.nan]))
    assert {name: values.tolist() for name, values in work.most(2).items()} == {
        "b": [9.0],
        "a": [1.0, 2.0],
        "(others)": [1.0],
    }
    assert NamedWork(("a",), np.array([0]), np.array([np.nan])).most(2) == {}


def test_several_recordings_share_their_names() -> None:
    one = NamedWork(("a", "b"), np.array([0, 1]), np.array([1.0, 2.0]))
    two = NamedWork(("b", "c"), np.array([0, 1]), np.array([4.0, np.nan]))
    together = NamedWork.together([one, two])
    assert together is not None
    assert [(each.name, each.tasks, each.mean_s) for each in together.by_name()] == [
        ("b", 2, 3.0),
        ("a", 1, 1.0),
        ("c", 1, None),
    ]
    assert NamedWork.together([]) is None
