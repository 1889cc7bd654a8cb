"""The history and its file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from agents.planning.forecast import History
from agents.planning.forecast.history import counts_of
from autoscaling_env.errors import InputError


def test_a_step_holds_what_arrives_from_its_begin_until_before_its_end() -> None:
    arrival_s = np.array([0.0, 4.999, 5.0, 5.0, 14.0])
    assert_array_equal(counts_of(arrival_s, 5.0), [2, 2, 1])


def test_an_episode_is_as_long_as_its_workload() -> None:
    assert_array_equal(counts_of(np.array([1.0]), 5.0, duration_s=20.0), [1, 0, 0, 0])
    assert_array_equal(counts_of(np.array([1.0, 20.0]), 5.0, duration_s=20.0), [1, 0, 0, 0, 1])
    assert_array_equal(counts_of(np.zeros(0), 5.0, duration_s=0.0), [0])


def test_a_history_is_made_of_arrivals() -> None:
    history = History.of_arrivals([np.array([1.0, 6.0, 7.0]), np.array([11.0])], 5.0, duration_s=10.0)
    assert history.step_s == 5.0
    assert [episode.tolist() for episode in history.episodes] == [[1, 2], [0, 0, 1]]


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    history = History(2.5, (np.array([1, 2, 3]), np.array([0]), np.array([9, 9])))
    history.save(tmp_path / "history.npz")
    read = History.load(tmp_path / "history.npz")
    assert read.step_s == 2.5
    assert [episode.tolist() for episode in read.episodes] == [[1, 2, 3], [0], [9, 9]]
    assert_array_equal(read.matrix(), [[1, 2, 3], [0, 0, 0], [9, 9, 0]])
    assert read.mean == 4.0


def test_the_same_history_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        History(5.0, (np.arange(40),)).save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_days_are_once_round_the_period_from_where_today_begins() -> None:
    recording = History(5.0, (np.arange(7), np.arange(7, 11)), period=4, offsets=(2, 1))
    # Of the first day half was seen; what was not is the mean of the others.
    assert_array_equal(recording.days(0), [[4, 5, 0, 1], [2, 3, 4, 5], [6, 7, 8, 9]])
    assert_array_equal(recording.days(2), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 5]])


def test_episodes_that_do_not_go_on_are_days_of_their_own() -> None:
    apart = History(5.0, (np.arange(4), np.arange(4), np.arange(1)), period=4, offsets=(0, 1, 0))
    assert_array_equal(apart.days(0), [[0, 1, 2, 3], [0, 0, 1, 2]])


def test_without_a_period_a_day_is_an_episode() -> None:
    assert_array_equal(History(5.0, (np.arange(3), np.arange(2))).days(0), [[0, 1, 2], [0, 1, 0]])


def _pickled(path: Path) -> None:
    np.savez(path, step_s=np.float64(5.0), lengths=np.array([1]), counts=np.array([{"a": 1}], dtype=object))


def _of_other_lengths(path: Path) -> None:
    np.savez(path, step_s=np.float64(5.0), lengths=np.array([3]), counts=np.array([1]))


def _with_a_negative_count(path: Path) -> None:
    np.savez(path, step_s=np.float64(5.0), lengths=np.array([1]), counts=np.array([-1]))


def _without_counts(path: Path) -> None:
    np.savez(path, step_s=np.float64(5.0))


def _text(path: Path) -> None:
    path.write_text("step_s,counts\n")


@pytest.mark.parametrize("write", [_pickled, _of_other_lengths, _with_a_negative_count, _without_counts, _text])
def test_another_file_is_refused_in_one_line(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "history.npz"
    write(path)
    with pytest.raises(InputError) as refused:
        History.load(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("step_s", "episodes"), [(0.0, (np.ones(3, dtype=np.int64),)), (5.0, ()), (5.0, (np.zeros(0, dtype=np.int64),))]
)
def test_a_history_of_nothing_is_refused(step_s: float, episodes: tuple[np.ndarray, ...]) -> None:
    with pytest.raises(InputError, match="history:"):
        History(step_s, episodes)


def test_a_period_and_where_episodes_begin_are_kept(tmp_path: Path) -> None:
    history = History(60.0, (np.array([1, 2]), np.array([3])), period=4, offsets=(3, 1))
    history.save(tmp_path / "history.npz")
    read = History.load(tmp_path / "history.npz")
    assert (read.period, read.offsets) == (4, (3, 1))
    assert read.part(1, 2).offsets == (1,)


def test_laps_are_times_round_the_period() -> None:
    nan = np.nan
    history = History(60.0, (np.array([1, 2, 3, 4, 5, 6]), np.array([7])), period=4, offsets=(3, 1))
    assert_array_equal(history.laps(), [[nan, nan, nan, 1], [2, 3, 4, 5], [6, nan, nan, nan], [nan, 7, nan, nan]])
    assert_array_equal(History(60.0, (np.array([1, 2]), np.array([3]))).laps(), [[1, 2], [3, 0]])


@pytest.mark.parametrize(("period", "offsets"), [(-1, ()), (4, (0, 0)), (4, (4,)), (0, (1,)), (4, (-1,))])
def test_a_period_that_does_not_fit_is_refused(period: int, offsets: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="history:"):
        History(5.0, (np.ones(3, dtype=np.int64),), period, offsets)
