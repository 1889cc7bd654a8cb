"""The Double DQN: its arithmetic against torch's own, and its values on problems solved on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agents.learner import NotFinite
from agents.networks.weights import initial_weights, layer_sizes, layers, outputs
from agents.replay import Batch, Replay
from tests.agents.farms import begin, seen, small_config, step
from tests.agents.learner_contract import LearnerContract, play

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")
from agents.dqn import network, update
from agents.dqn.agent import DqnLearner

SIZES = layer_sizes((16, 12), actions=3)


class TestDqnLearner(LearnerContract):
    def make(self, *assignments: str, seed: int = 0) -> DqnLearner:
        return DqnLearner(small_config(*assignments), seed)


def _floats(values: Any) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)


def weights(seed: int) -> torch.Tensor:
    """Return the flat weights of a network of ``SIZES``."""
    return torch.from_numpy(initial_weights(SIZES, np.random.default_rng(seed)))


def inputs(rows: int, seed: int = 9) -> NDArray[np.float32]:
    """Return normal inputs."""
    return np.random.default_rng(seed).normal(size=(rows, 9)).astype(np.float32)


def with_ones(rows: NDArray[np.float32]) -> torch.Tensor:
    """Return inputs as ``network.Pass`` takes them."""
    return torch.from_numpy(np.hstack((rows, np.ones((len(rows), 1), np.float32))))


def traced_values(flat: torch.Tensor, rows: torch.Tensor, sizes: tuple[int, ...]) -> torch.Tensor:
    """Return a network's values by the plainest of means, float32[n, actions]."""
    *hidden, (weights, biases) = layers(flat, sizes)
    for each, bias in hidden:
        rows = torch.relu(rows @ each + bias)
    return rows @ weights + biases


@pytest.mark.parametrize("hidden", [(16,), (16, 12), (5, 9, 7)])
@pytest.mark.parametrize("used", [32, 20])
def test_the_written_out_gradient_is_autograds(hidden: tuple[int, ...], used: int) -> None:
    """Of the first ``used`` rows of a pass of 32."""
    sizes = layer_sizes(hidden, actions=3)
    flat, rows = torch.from_numpy(initial_weights(sizes, np.random.default_rng(0))), inputs(32)
    actions, targets = np.arange(used) % 3, np.linspace(-3, 3, used, dtype=np.float32)
    matrices, gradient = network.network_of(flat, sizes), torch.zeros_like(flat)
    forward = network.Pass(matrices, 32)
    backward = network.Backward(forward, matrices, network.network_of(gradient, sizes), used)
    forward.run(with_ones(rows))
    _, slope = update.huber(forward.values.numpy()[actions, np.arange(used)] - targets)
    backward.slope.numpy()[actions, np.arange(used)] = slope
    backward.run(with_ones(rows[:used]).t())

    traced = flat.clone().requires_grad_()
    values = traced_values(traced, torch.from_numpy(rows[:used]), sizes)
    torch.testing.assert_close(forward.values[:, :used].t(), values.detach())
    got = values.gather(1, torch.from_numpy(actions).unsqueeze(1)).squeeze(1)
    torch.nn.functional.smooth_l1_loss(got, torch.from_numpy(targets)).backward()
    torch.testing.assert_close(gradient, traced.grad)


def test_a_pass_forgets_the_one_before() -> None:
    flat = weights(0)
    used, fresh = (network.Pass(network.network_of(flat, SIZES), 8) for _ in range(2))
    used.run(with_ones(inputs(8, seed=1)))
    used.run(with_ones(inputs(8, seed=2)))
    fresh.run(with_ones(inputs(8, seed=2)))
    assert torch.equal(used.values, fresh.values)


def test_huber_is_torchs() -> None:
    errors = torch.linspace(-4, 4, 33)
    loss, slope = update.huber(errors.numpy())
    traced = errors.clone().requires_grad_()
    expected = torch.nn.functional.smooth_l1_loss(traced, torch.zeros(33))
    expected.backward()
    assert loss == pytest.approx(expected.item())
    torch.testing.assert_close(torch.from_numpy(slope), traced.grad)


def test_a_descent_is_one_step_of_torchs_adam() -> None:
    made = DqnLearner(small_config("agents.dqn.learning_rate=0.01"), seed=0)
    theirs = torch.nn.Parameter(made._online.clone())
    reference = torch.optim.Adam([theirs], lr=0.01)
    for seed in range(20):
        made._gradient.copy_(torch.from_numpy(np.random.default_rng(seed).normal(size=len(theirs))) / 100)
        theirs.grad = made._gradient.clone()
        made._descend()
        reference.step()
    torch.testing.assert_close(made._online, theirs.data)


def test_acting_in_numpy_gives_torchs_values() -> None:
    flat = weights(0)
    rows = inputs(20)
    expected = traced_values(flat, torch.from_numpy(rows), SIZES).numpy()
    values = [outputs(layers(flat.numpy(), SIZES), row) for row in rows]
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def test_the_online_network_chooses_and_the_target_network_values() -> None:
    online, target = _floats([[0, 0], [5, 5], [1, 1]]), _floats([[100, 100], [7, 7], [200, 200]])
    got = update.double_dqn_target(online, target, _floats([1, 1]), _floats([1, 0]), gamma=0.5)
    assert got.tolist() == [1 + 0.5 * 7, 1.0]  # not 100 or 200 (max of target); nothing beyond a terminal step


def fitted_value(terminated: bool) -> float:
    """Return what is learned where every step brings 1 and the next observation looks the same."""
    made = DqnLearner(
        small_config(
            "environment.action_deltas=[0]",
            "agents.dqn.gamma=0.5",
            "agents.dqn.reward_scale=1",
            "agents.dqn.target_tau=0.1",
            "agents.dqn.learning_rate=0.02",
        ),
        seed=0,
    )
    for _ in range(500):
        begin(made, seen(2))
        step(made, 1.0, seen(2), terminated, not terminated)
        made.end()
    return float(outputs(made._acting, made._normaliser(made._features[0]))[0])


def test_no_value_is_expected_beyond_a_terminal_step() -> None:
    assert fitted_value(terminated=True) == pytest.approx(1, abs=0.02)


def test_truncation_is_no_end_the_value_ahead_still_counts() -> None:
    assert fitted_value(terminated=False) == pytest.approx(2, abs=0.05)


def test_the_target_network_follows_by_tau() -> None:
    made = DqnLearner(small_config("agents.dqn.target_tau=0.25", "agents.dqn.learning_starts=1"), seed=0)
    for _ in range(5):
        before, target = made._online.clone(), made._target.clone()
        begin(made, seen(1))
        step(made, 1.0, seen(2), False, True)
        made.end()
        assert not torch.equal(made._online, before)
        torch.testing.assert_close(made._target, target + 0.25 * (made._online - target))


def test_the_target_moves_only_every_target_update_updates() -> None:
    made = DqnLearner(
        small_config("agents.dqn.target_tau=1", "agents.dqn.target_update=3", "agents.dqn.learning_starts=1"), seed=0
    )
    copied = []
    for _ in range(6):
        begin(made, seen(1))
        step(made, 1.0, seen(2), False, True)
        made.end()
        copied.append(torch.equal(made._target, made._online))
    assert copied == [False, False, True, False, False, True]


def test_a_gradient_is_clipped_to_its_largest_norm() -> None:
    made = DqnLearner(small_config("agents.dqn.gradient_clip=0.001"), seed=0)
    made._gradient.fill_(3.0)
    made._descend()
    assert float(torch.linalg.vector_norm(made._gradient)) == pytest.approx(0.001)


def test_a_small_gradient_is_left_as_it_is() -> None:
    made = DqnLearner(small_config("agents.dqn.gradient_clip=1000"), seed=0)
    made._gradient.fill_(0.5)
    made._descend()
    assert set(made._gradient.tolist()) == {0.5}


def test_an_update_every_so_many_steps() -> None:
    made = DqnLearner(small_config("agents.dqn.train_every=4", "agents.dqn.learning_starts=6"), seed=0)
    play(made, 2)
    assert made._updates == 4  # after transitions 8, 12, 16 and 20


def test_the_gradient_of_an_update_is_autograds() -> None:
    made = DqnLearner(small_config("agents.dqn.gradient_clip=1000000", "agents.dqn.reward_scale=1"), seed=0)
    play(made, 2)
    made._target.mul_(1.5)
    ((batch, place),) = made._batches(1)
    pairs = torch.from_numpy(made._normaliser(batch.pairs))
    online, target = made._online.clone().requires_grad_(), made._target.clone()
    with torch.no_grad():
        best = traced_values(online, pairs[:, 1], made._sizes).argmax(1)
        ahead = traced_values(target, pairs[:, 1], made._sizes)[range(len(best)), best]
        wanted = torch.from_numpy(batch.rewards) + made._config.gamma * torch.from_numpy(batch.goes_on) * ahead
    got = traced_values(online, pairs[:, 0], made._sizes)[range(len(best)), batch.actions]
    loss = torch.nn.functional.smooth_l1_loss(got, wanted)
    loss.backward()
    assert made._update(batch, place) == pytest.approx(loss.item())
    torch.testing.assert_close(made._gradient, online.grad)


def test_a_loss_that_is_not_finite_stops_before_the_weights_change() -> None:
    made = DqnLearner(small_config("agents.dqn.learning_starts=5"), seed=0)
    made._target.fill_(float("nan"))
    weights_before = made._online.clone()
    with pytest.raises(NotFinite) as caught:
        play(made, 1)
    assert caught.value.what == "loss"
    assert set(caught.value.tensors) == {"pairs", "actions", "rewards", "goes_on"}
    assert torch.equal(made._online, weights_before)


def test_torch_keeps_its_number_of_threads_and_its_smallest_numbers() -> None:
    before, tiny = torch.get_num_threads(), torch.tensor([1e-38])
    with update.quick_arithmetic():
        assert torch.get_num_threads() == 1
        assert float(tiny * 0.1) == 0 or not torch.set_flush_denormal(True)  # some processors cannot
    assert torch.get_num_threads() == before
    assert float(tiny * 0.1) > 0


def test_the_normaliser_is_saved_with_the_model() -> None:
    made = DqnLearner(small_config(), seed=0)
    play(made, 2)
    tensors, _ = made.state_dict()
    assert tensors["normaliser.count"].tolist() == [22]  # 11 observations an episode


def transition(number: int, features: int) -> Batch:
    """Return a transition from ``number`` to the next, whose episode goes on where it is odd."""
    pair = np.stack([np.full(features, number, np.float32), np.full(features, number + 1, np.float32)])
    return Batch(pair[None], np.array([number]), _floats([number]), _floats([number % 2]))


@given(capacity=st.integers(1, 12), added=st.integers(1, 40))
def test_the_replay_holds_exactly_the_newest(capacity: int, added: int) -> None:
    replay = Replay(capacity, features=2)
    for number in range(added):
        replay.add(transition(number, features=2))
    drawn = replay.sample(2000, np.random.default_rng(0))
    newest = set(range(max(0, added - capacity), added))
    assert set(drawn.actions.tolist()) == newest
    assert (drawn.pairs[:, 0, 0] == drawn.actions).all()
    assert (drawn.pairs[:, 1, 0] == drawn.actions + 1).all()


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.integers(5, 12))
def test_many_transitions_are_remembered_as_one_by_one(sizes: list[int], capacity: int) -> None:
    alone, together, number = Replay(capacity, features=2), Replay(capacity, features=2), 0
    for size in sizes:
        numbers = np.arange(number, number := number + size)
        pairs = np.repeat(numbers, 4).reshape(size, 2, 2).astype(np.float32)
        together.add(Batch(pairs, numbers, numbers.astype(np.float32), (numbers % 2).astype(np.float32)))
        for each in numbers.tolist():
            place = [each - numbers[0]]
            alone.add(Batch(pairs[place], numbers[place], numbers[place].astype(np.float32), _floats([each % 2])))
    one, same = alone.state_dict(), together.state_dict()
    assert {name: each.tolist() for name, each in one.items()} == {name: each.tolist() for name, each in same.items()}


def test_the_replay_grows_to_its_capacity_and_restores() -> None:
    replay = Replay(10_000, features=1)
    for number in range(9000):
        replay.add(transition(number, features=1))
    copy = Replay(10_000, features=1)
    copy.load_state_dict(replay.state_dict())
    one, two = replay.sample(500, np.random.default_rng(1)), copy.sample(500, np.random.default_rng(1))
    assert one.actions.tolist() == two.actions.tolist()
    assert one.goes_on.tolist() == two.goes_on.tolist() == (one.actions % 2).tolist()


def test_the_policy_is_that_of_the_target_network() -> None:
    made = DqnLearner(small_config(), seed=0)
    made._online.zero_()
    layers(made._target, made._sizes)[-1][1].copy_(torch.tensor([0.0, 0.0, 100.0]))
    assert made.policy().act(seen(2), {}) == 2


def test_a_huge_penalty_is_clipped_before_it_is_learned_from() -> None:
    made = DqnLearner(small_config("agents.dqn.reward_scale=0.1", "agents.dqn.reward_clip=5"), seed=0)
    begin(made, seen(1))
    for reward in (-9000.0, 9000.0, 20.0):
        step(made, reward, seen(2), False, False)
    assert made.state_dict()[0]["replay.rewards"].tolist() == [-5.0, 5.0, 2.0]
