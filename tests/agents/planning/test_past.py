"""The file of what a planner remembers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from agents.planning.forecast import History
from agents.planning.past import Past, SeenTasks
from autoscaling_env.errors import InputError
from autoscaling_env.types import TaskBatch

HISTORY = History(5.0, (np.array([1, 2, 3]), np.array([4])), period=9, offsets=(0, 3))
TASKS = SeenTasks(np.array([0.5, 7.0]), np.array([1.0, 2.0]), np.array([2.0, 4.0]))


def batch(count: int, seed: int) -> TaskBatch:
    rng = np.random.default_rng(seed)
    service_s = rng.random(count)
    return TaskBatch(np.sort(rng.random(count)) * 60, service_s, 2 * service_s + 0.1, np.zeros(1), seed)


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    Past(HISTORY, TASKS).save(tmp_path / "past.npz")
    read = Past.load(tmp_path / "past.npz")
    assert [each.tolist() for each in read.history.episodes] == [[1, 2, 3], [4]]
    assert (read.history.period, read.history.offsets) == (9, (0, 3))
    assert read.tasks is not None
    for name in ("arrival_s", "service_s", "deadline_s"):
        assert_array_equal(getattr(read.tasks, name), getattr(TASKS, name))
    History.load(tmp_path / "past.npz")


def test_a_history_alone_has_no_tasks(tmp_path: Path) -> None:
    HISTORY.save(tmp_path / "history.npz")
    assert Past.load(tmp_path / "history.npz").tasks is None


def test_tasks_of_episodes_are_bounded() -> None:
    assert SeenTasks.of_episodes([batch(0, 0)]) is None
    everything = SeenTasks.of_episodes([batch(30, 0), batch(20, 1)])
    some = SeenTasks.of_episodes([batch(30, 0), batch(20, 1)], most=10)
    assert everything is not None
    assert some is not None
    assert (len(everything.arrival_s), len(some.arrival_s)) == (50, 10)
    assert set(some.service_s) <= set(everything.service_s)
    drawn, _ = some.pool().draw(np.array([3.0, 50.0]), np.random.default_rng(0))
    assert set(drawn) <= set(some.service_s)


def test_of_many_tasks_whole_episodes_are_kept_so_that_their_rhythm_is() -> None:
    episodes = [batch(20, seed) for seed in range(6)]
    some = SeenTasks.of_episodes(episodes, most=65)
    assert some is not None
    assert_array_equal(some.arrival_s, np.concatenate([episodes[place].arrival_s for place in (0, 2, 5)]))


def test_steps_of_different_episodes_are_not_taken_for_one() -> None:
    seen = SeenTasks(np.array([1.0, 3.0, 0.5, 4.0]), np.ones(4), np.ones(4))
    placed = seen.rhythm(10.0).place(np.full(40, 2), np.random.default_rng(0)) % 1
    assert set(placed.round(2).tolist()) == {0.1, 0.3, 0.05, 0.4}


def keep(path: Path, **arrays: Any) -> None:
    np.savez(path, **arrays)


def _of_objects(path: Path) -> None:
    keep(path, **HISTORY.arrays(), arrival_s=np.array([{"a": 1}], dtype=object))


def _half(path: Path) -> None:
    keep(path, **HISTORY.arrays(), arrival_s=np.ones(2))


def _of_other_lengths(path: Path) -> None:
    keep(path, **HISTORY.arrays(), arrival_s=np.ones(2), service_s=np.ones(3), deadline_s=np.ones(2))


def _negative(path: Path) -> None:
    keep(path, **HISTORY.arrays(), arrival_s=np.ones(2), service_s=-np.ones(2), deadline_s=np.ones(2))


def _not_a_number(path: Path) -> None:
    keep(path, **HISTORY.arrays(), arrival_s=np.ones(1), service_s=np.array([np.nan]), deadline_s=np.ones(1))


def _whole_numbers(path: Path) -> None:
    keep(path, **HISTORY.arrays(), arrival_s=np.array([1]), service_s=np.array([1]), deadline_s=np.array([1]))


def _one_array(path: Path) -> None:
    np.save(path.with_suffix(".npy"), np.ones(3))
    path.with_suffix(".npy").rename(path)


def _cut(path: Path) -> None:
    Past(HISTORY, TASKS).save(path)
    path.write_bytes(path.read_bytes()[:-40])


def _nothing(path: Path) -> None:
    path.touch()


def _nowhere(path: Path) -> None:
    pass


BAD = [_of_objects, _half, _of_other_lengths, _negative, _not_a_number, _whole_numbers, _one_array, _cut, _nothing]


@pytest.mark.parametrize("write", [*BAD, _nowhere])
def test_another_file_is_refused_in_one_line(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "past.npz"
    write(path)
    with pytest.raises(InputError) as refused:
        Past.load(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)
