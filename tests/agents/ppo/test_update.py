"""The clipped objective: what it says, where it is flat, and that a step along its gradient is a step up."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.networks.weights import layers, outputs
from autoscaling_env.config.learners import PpoConfig
from tests.agents.farms import small_config

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")
from agents.dqn.update import Adam
from agents.ppo.network import Networks
from agents.ppo.update import Batch, gradient, losses, minibatches, normalised

CONFIG: PpoConfig = small_config().agents.ppo


def networks(seed: int = 0, actions: int = 3) -> Networks:
    """Return networks of which no output is nearly 0."""
    made = Networks((16, 12), 9, actions, np.random.default_rng(seed))
    made.flat.add_(0.1 * torch.randn(len(made.flat), generator=torch.Generator().manual_seed(seed)))
    return made


def batch(of: Networks, steps: int = 40, seed: int = 1) -> Batch:
    """Return made-up steps, whose actions were drawn by these networks."""
    rng = np.random.default_rng(seed)
    seen = torch.from_numpy(rng.normal(size=(steps, 9)).astype(np.float32))
    actions = torch.from_numpy(rng.integers(of.sizes[-1], size=steps))
    probable = of.log_probabilities(of.flat, seen).gather(1, actions[:, None]).squeeze(1)
    advantages, returns = torch.from_numpy(rng.normal(size=(2, steps)).astype(np.float32))
    return Batch(seen, actions, probable, normalised(advantages), returns)


def test_numpy_and_torch_say_the_same() -> None:
    made = networks()
    seen = np.random.default_rng(9).normal(size=(20, 9)).astype(np.float32)
    ours = np.array([outputs(layers(made.actor.numpy(), made.sizes), row) for row in seen])
    expected = made.log_probabilities(made.flat, torch.from_numpy(seen)).numpy()
    np.testing.assert_allclose(ours - np.logaddexp.reduce(ours, axis=1)[:, None], expected, rtol=1e-4, atol=1e-5)


def test_at_first_all_actions_are_about_equally_probable() -> None:
    made = Networks((64, 64), 9, 5, np.random.default_rng(0))
    probable = made.log_probabilities(made.flat, torch.randn(100, 9)).exp()
    assert float((probable - 0.2).abs().max()) < 0.02


def test_where_nothing_has_changed_the_objective_is_the_mean_advantage() -> None:
    made = networks()
    one = replace(batch(made), advantages=torch.full((40,), 0.7))
    assert float(losses(made, made.flat, one, 0.2).policy) == pytest.approx(-0.7)


def test_the_entropy_of_equal_probabilities_is_the_logarithm_of_their_number() -> None:
    made = Networks((16,), 9, 5, np.random.default_rng(0))
    made.flat.zero_()
    assert float(losses(made, made.flat, batch(made), 0.2).entropy) == pytest.approx(math.log(5))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_formula_written_out(seed: int) -> None:
    made, now = networks(seed), networks(seed + 1)
    one = batch(made, steps=20)
    found = losses(now, now.flat, one, 0.2)
    terms = []
    for row in range(20):
        table = now.log_probabilities(now.flat, one.seen[row])
        ratio = math.exp(float(table[one.actions[row]] - one.log_probabilities[row]))
        gained = float(one.advantages[row])
        terms.append(min(ratio * gained, min(max(ratio, 0.8), 1.2) * gained))
    assert float(found.policy) == pytest.approx(-np.mean(terms), rel=1e-4, abs=1e-5)
    errors = (now.values(now.flat, one.seen) - one.returns).numpy()
    assert float(found.value) == pytest.approx(0.5 * np.mean(errors**2), rel=1e-4)


def test_beyond_the_clip_nothing_more_is_to_be_had() -> None:
    """All ratios are e: where the advantage is positive the gradient is 0, where it is negative it is not."""
    made = networks()
    one = batch(made)
    beyond = replace(one, log_probabilities=one.log_probabilities - 1, advantages=torch.ones(40))
    flat = made.flat.clone().requires_grad_()
    assert not gradient(losses(made, flat, beyond, 0.2).policy, flat, 1.0).any()
    worse = replace(beyond, advantages=-torch.ones(40))
    assert gradient(losses(made, flat, worse, 0.2).policy, flat, 1.0).any()


@pytest.mark.parametrize("seed", range(5))
def test_an_update_lowers_what_is_minimised(seed: int) -> None:
    made = networks(seed)
    one = batch(made, seed=seed)
    adam = Adam(len(made.flat), 1e-3)
    before = losses(made, made.flat, one, 0.2)
    for _ in range(5):
        flat = made.flat.detach().requires_grad_()
        descent = gradient(losses(made, flat, one, 0.2).total(CONFIG, 0.0), flat, 0.5)
        with torch.no_grad():
            adam.step(made.flat, descent)
    after = losses(made, made.flat, one, 0.2)
    assert float(after.policy) < float(before.policy)
    assert float(after.value) < float(before.value)


def test_a_gradient_is_clipped_to_its_largest_norm_and_a_smaller_one_left() -> None:
    flat = torch.ones(4, requires_grad=True)
    assert float(gradient((flat * 3).sum(), flat, 0.5).norm()) == pytest.approx(0.5)
    assert gradient((flat * 3).sum(), flat, 100.0).tolist() == [3.0] * 4


@given(st.integers(1, 300), st.integers(1, 100))
def test_an_epoch_goes_through_every_step_once_in_parts_of_about_one_size(steps: int, size: int) -> None:
    parts = [rows.tolist() for rows in minibatches(steps, size, np.random.default_rng(0))]
    assert sorted(row for part in parts for row in part) == list(range(steps))
    lengths = {len(part) for part in parts}
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= max(2 * size, 1)
