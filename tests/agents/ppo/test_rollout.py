"""What was played, as torch learns from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")
from agents.ppo.rollout import HERE, Recorder, Rollout


def played(lengths: list[int], terminated: bool, first: int = 0) -> Rollout:
    """Return made-up episodes; every number in them says where it is from, and after an end there is rubbish."""
    recorder, rows = Recorder(HERE), np.arange(first, first + len(lengths))
    recorder.begin(np.stack((rows, 0 * rows), axis=1).astype(np.float32))
    for step in range(max(lengths)):
        playing = step < np.array(lengths)
        ends = terminated & (step + 1 >= np.array(lengths))
        rewards = np.where(playing, 10 * rows + step, np.nan).astype(np.float32)
        seen = np.stack((rows, 0 * rows + step + 1), axis=1).astype(np.float32)
        recorder.add(rows + step, rewards, seen, playing, ends)
    return recorder.end()


def same(one: Rollout, other: Rollout) -> bool:
    return all(np.array_equal(array, other.tensors()[name]) for name, array in one.tensors().items())


def test_after_an_episode_there_is_nothing() -> None:
    rollout = played([3, 1], terminated=True)
    assert rollout.playing.tolist() == [[True, True], [True, False], [True, False]]
    assert rollout.rewards.tolist() == [[0, 10], [1, 0], [2, 0]]
    assert rollout.actions.tolist() == [[0, 1], [1, 0], [2, 0]]
    assert rollout.observations[:, 1].tolist() == [[1, 0], [1, 1], [0, 0], [0, 0]]
    assert rollout.terminated.tolist() == [True, True]


def test_a_cut_is_no_end() -> None:
    assert played([2, 2], terminated=False).terminated.tolist() == [False, False]


@pytest.mark.parametrize(("one", "other"), [([3, 1], [2]), ([1], [4, 2]), ([2], [2])])
def test_two_parts_beside_each_other_are_the_whole(one: list[int], other: list[int]) -> None:
    whole = played([*one, *other], terminated=True)
    assert same(played(one, terminated=True).beside(played(other, terminated=True, first=len(one))), whole)


def test_kept_and_taken_up_again_it_is_the_same() -> None:
    rollout = played([3, 1], terminated=False)
    assert same(Rollout.of(rollout.tensors(), HERE), rollout)


def test_arrays_may_come_as_torch_has_them() -> None:
    arrays = [np.ones(2, np.float32), torch.ones(2)]
    assert torch.equal(HERE.stacked(arrays), torch.ones(2, 2))
