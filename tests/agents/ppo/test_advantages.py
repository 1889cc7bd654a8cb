"""Generalised advantages: against the definition, and what must hold of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")
from agents.ppo.advantages import advantages
from agents.ppo.rollout import Rollout

SHARES = st.floats(0, 1)


@st.composite
def rollouts(draw: st.DrawFn) -> tuple[Rollout, torch.Tensor]:
    """Episodes of several lengths, of which some terminated; and values of every observation."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    steps, rng = max(lengths), np.random.default_rng(draw(st.integers(0, 1000)))
    playing = torch.arange(steps)[:, None] < torch.tensor(lengths)
    rewards = torch.from_numpy(rng.normal(size=playing.shape)).float() * playing
    ended = torch.tensor(draw(st.lists(st.booleans(), min_size=len(lengths), max_size=len(lengths))))
    seen = torch.zeros(steps + 1, len(lengths), 2)
    rollout = Rollout(seen, torch.zeros(playing.shape, dtype=torch.int64), rewards, playing, ended)
    return rollout, torch.from_numpy(rng.normal(size=(steps + 1, len(lengths)))).float()


def by_definition(rewards: list[float], values: list[float], terminated: bool, gamma: float, decay: float) -> Any:
    """Return Schulman et al. 2016, equation 16, of one episode: the sum written out."""
    ahead = [*values[1:-1], 0.0 if terminated else values[-1]]
    errors = [r + gamma * a - v for r, a, v in zip(rewards, ahead, values, strict=False)]
    return [
        sum((gamma * decay) ** (later - step) * errors[later] for later in range(step, len(errors)))
        for step in range(len(errors))
    ]


@settings(max_examples=30)
@given(rollouts(), SHARES, SHARES)
def test_they_are_the_sum_of_the_definition(drawn: tuple[Rollout, torch.Tensor], gamma: float, decay: float) -> None:
    rollout, values = drawn
    found = advantages(rollout, values, gamma, decay)
    for row in range(found.shape[1]):
        length = int(rollout.playing[:, row].sum())
        mine = rollout.rewards[:length, row].tolist(), values[: length + 1, row].tolist(), bool(rollout.terminated[row])
        expected = by_definition(*mine, gamma, decay)
        np.testing.assert_allclose(found[:length, row].numpy(), expected, rtol=1e-4, atol=1e-5)
        assert not found[length:, row].any()


@settings(max_examples=30)
@given(rollouts(), SHARES)
def test_looking_to_the_end_it_is_the_return_less_what_was_expected(
    drawn: tuple[Rollout, torch.Tensor], gamma: float
) -> None:
    rollout, values = drawn
    found = advantages(rollout, values, gamma, 1.0)
    for row in range(found.shape[1]):
        length = int(rollout.playing[:, row].sum())
        reached = 0.0 if rollout.terminated[row] else float(values[length, row])
        for reward in reversed(rollout.rewards[:length, row].tolist()):
            reached = reward + gamma * reached
        assert float(found[0, row] + values[0, row]) == pytest.approx(reached, rel=1e-4, abs=1e-4)


@settings(max_examples=30)
@given(rollouts(), SHARES, SHARES)
def test_who_expects_just_what_comes_is_not_surprised(
    drawn: tuple[Rollout, torch.Tensor], gamma: float, decay: float
) -> None:
    rollout, values = drawn
    exact = values.clone()
    for step in range(len(rollout.rewards) - 1, -1, -1):
        last = rollout.playing[step] & (
            ~rollout.playing[step + 1] if step + 1 < len(rollout.playing) else torch.ones_like(rollout.terminated)
        )
        ahead = torch.where(last & rollout.terminated, 0.0, exact[step + 1])
        exact[step] = rollout.rewards[step] + gamma * ahead
    np.testing.assert_allclose(advantages(rollout, exact, gamma, decay).numpy(), 0, atol=1e-5)


@settings(max_examples=30)
@given(rollouts(), SHARES, SHARES)
def test_no_episode_counts_for_another(drawn: tuple[Rollout, torch.Tensor], gamma: float, decay: float) -> None:
    rollout, values = drawn
    together = advantages(rollout, values, gamma, decay)
    for row in range(together.shape[1]):
        rows = slice(row, row + 1)
        alone = Rollout(
            rollout.observations[:, rows],
            rollout.actions[:, rows],
            rollout.rewards[:, rows],
            rollout.playing[:, rows],
            rollout.terminated[rows],
        )
        assert torch.equal(advantages(alone, values[:, rows], gamma, decay), together[:, rows])
