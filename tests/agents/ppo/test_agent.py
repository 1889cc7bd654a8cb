"""The learner: the contract, problems solved on paper, and that it does not matter how many are played at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from agents.checkpoint import read_checkpoint
from agents.learned import export_policy, load_policy
from agents.learner import NotFinite, OnPolicy
from agents.ppo.acting import NOISE_BLOCK, Actor
from agents.ppo.policy import ACTOR, SIZES, load_ppo
from agents.training import EXPLORERS
from autoscaling_env.actions import Actions
from tests.agents.farms import begin, seen, small_config, step
from tests.agents.learner_contract import LearnerContract, play
from tests.agents.test_simultaneous import contents, run

torch = pytest.importorskip("torch")
from agents.ppo.agent import PpoLearner  # noqa: E402 - needs torch


class TestPpoLearner(LearnerContract):
    def make(self, *assignments: str, seed: int = 0) -> PpoLearner:
        return PpoLearner(small_config(*assignments), seed)

    def test_epsilon_falls_to_its_least_value(self) -> None:
        """Here it is entropy: 1 as long as nothing was learned, and lower from what was."""
        learner, shown = self.make(), []
        for _ in range(7):
            shown.append(learner.epsilon)
            play(learner, 1)
        assert shown[:3] == [1.0] * 3
        assert 0 < shown[6] < shown[3] < 1


def make(*assignments: str) -> PpoLearner:
    return PpoLearner(small_config(*assignments), 0)


def test_it_is_told_how_many_may_be_played_at_once() -> None:
    learner = make()
    assert isinstance(learner, OnPolicy)
    left = []
    for _ in range(4):
        left.append(learner.left)
        play(learner, 1)
    assert left == [3, 2, 1, 3]
    assert not isinstance(EXPLORERS["sarsa"](small_config(), 0), OnPolicy)


#: A problem that is solved on paper: the action that is worth 1 where the queue is empty is worth -1 where it is long.
TRIVIAL = (
    "agents.ppo.rollout_episodes=8",
    "agents.ppo.hidden_layers=[16]",
    "agents.ppo.batch_size=64",
    "agents.ppo.anneal_episodes=400",
    "agents.ppo.learning_rate=0.01",
    "agents.ppo.reward_scale=1",
)


def test_a_trivial_environment_is_learned_fast() -> None:
    learner, rng = make(*TRIVIAL), np.random.default_rng(0)
    rows, no = np.ones(8, dtype=np.bool_), np.zeros(8, dtype=np.bool_)
    for _ in range(25):
        queues = rng.integers(2, size=8)
        actions = np.array(learner.begin(np.stack([seen(2, worker_queue=9.0 * each) for each in queues])))
        for number in range(8):
            rewards = np.where(actions == np.where(queues == 1, 2, 0), 1.0, -1.0)
            queues = rng.integers(2, size=8)
            observations = np.stack([seen(2, worker_queue=9.0 * each) for each in queues])
            actions = np.array(learner.step(rewards, observations, no, rows & (number == 7), rows))
        learner.end()
    policy, info = learner.policy(), {"action_deltas": (-1, 0, 1)}
    assert [policy.act(seen(2, worker_queue=queue), info) for queue in (0.0, 9.0)] == [0, 2]
    assert learner.epsilon < 0.6


def fitted_value(terminated: bool) -> float:
    """Return what the critic says where every step brings 1 and the next observation looks the same."""
    learner = make(*TRIVIAL, "environment.action_deltas=[0]", "agents.ppo.gamma=0.5", "agents.ppo.learning_rate=0.05")
    for _ in range(160):
        begin(learner, seen(2))
        step(learner, 1.0, seen(2), terminated, not terminated)
        learner.end()
    networks, shown = learner._networks, learner._normaliser(np.log1p(seen(2)))
    return float(networks.values(networks.flat, torch.from_numpy(shown)))


def test_no_value_is_expected_beyond_a_terminal_step() -> None:
    assert fitted_value(terminated=True) == pytest.approx(1, abs=0.05)


def test_truncation_is_no_end_the_value_ahead_still_counts() -> None:
    assert fitted_value(terminated=False) == pytest.approx(2, abs=0.1)


def test_rewards_are_scaled_and_clipped() -> None:
    learner = make("agents.ppo.reward_scale=0.1", "agents.ppo.reward_clip=2")
    begin(learner, seen(2))
    for reward in (5.0, -7.0, 1000.0, -1e300):
        step(learner, reward, seen(2), False, False)
    learner.end()
    assert learner.state_dict()[0]["rollout.rewards"][:, 0].tolist() == pytest.approx([0.5, -0.7, 2.0, -2.0])


def test_the_learning_rate_falls_with_the_episodes_behind_it() -> None:
    learner, rates = make(), []
    for _ in range(4):
        play(learner, 3)
        rates.append(learner._adam.learning_rate / learner._config.learning_rate)
    assert rates == pytest.approx([1, 5 / 8, 2 / 8, 0.05])


def test_a_loss_that_is_not_finite_stops_before_the_weights_change() -> None:
    learner = make("agents.ppo.batch_size=1000")
    learner._networks.flat.fill_(math.nan)
    with pytest.raises(NotFinite) as caught:
        play(learner, 3)
    assert caught.value.what == "loss"
    assert set(caught.value.tensors) == {"seen", "actions", "log_probabilities", "advantages", "returns"}


def test_an_episode_is_the_same_whoever_is_played_beside_it() -> None:
    learner = make()
    rng, seeds, sizes = np.random.default_rng(0), np.arange(5) + 11, learner._networks.sizes
    flat = rng.normal(scale=0.1, size=len(learner._networks.actor)).astype(np.float32)
    shown = rng.uniform(0, 40, size=(NOISE_BLOCK + 6, 5, 9)).astype(np.float32)

    def actions(rows: slice) -> list[list[int]]:
        actor = Actor(flat, sizes, learner._normaliser)
        actor.begin(seeds[rows])
        return [actor.act(each[rows]).tolist() for each in shown]

    together = np.array(actions(slice(0, 5)))
    for row in range(5):
        assert np.array_equal(np.array(actions(slice(row, row + 1)))[:, 0], together[:, row])
    assert len(np.unique(together)) == 3


def test_actions_are_drawn_as_often_as_they_are_probable() -> None:
    flat = np.zeros(9 * 3 + 3, dtype=np.float32)
    flat[-3:] = np.log([0.2, 0.5, 0.3])
    actor = Actor(flat, (9, 3), make()._normaliser)
    actor.begin(np.arange(4000))
    counts = np.bincount(actor.act(np.zeros((4000, 9), dtype=np.float32)), minlength=3)
    spread = np.sqrt(4000 * np.array([0.2, 0.5, 0.3]) * np.array([0.8, 0.5, 0.7]))
    assert (np.abs(counts - 4000 * np.array([0.2, 0.5, 0.3])) < 4 * spread).all()


def test_it_does_not_matter_how_many_are_played_at_once(tmp_path: Any) -> None:
    results = [run("ppo", tmp_path / str(envs), None, f"agents.training.envs={envs}") for envs in (1, 2, 7)]
    kept = [name for name in contents(results[0].folder) if not name.endswith((".safetensors", "config.yml"))]
    records = [[contents(each.folder)[name] for name in kept] for each in results]
    assert records[0] == records[1] == records[2]
    first, *others = (read_checkpoint(each.model) for each in results)
    for other in others:
        assert other.header.state == first.header.state
        assert all(np.array_equal(array, other.tensors[name]) for name, array in first.tensors.items())


def test_what_is_exported_is_the_policy_alone(tmp_path: Any) -> None:
    model = run("ppo", tmp_path).model
    export_policy(model, tmp_path / "policy.safetensors")
    tensors = read_checkpoint(tmp_path / "policy.safetensors").tensors
    assert set(tensors) == {ACTOR, SIZES, "normaliser.count", "normaliser.mean", "normaliser.squares"}
    rows = np.random.default_rng(0).uniform(0, 40, size=(50, 9)).astype(np.float32)
    infos = {"action_deltas": [(-1, 0, 1)], "min_workers": [1], "max_workers": [5]}
    both = (load_policy(path).act_batch(rows, infos) for path in (model, tmp_path / "policy.safetensors"))
    assert len({tuple(actions) for actions in both}) == 1


def test_weights_that_do_not_fit_are_refused() -> None:
    tensors, _ = make().state_dict()
    with pytest.raises(ValueError, match=r"90 weights for a network of \(9, 8, 3\)"):
        load_ppo({**tensors, ACTOR: tensors[ACTOR][:90]}, Actions.of(small_config()))


def test_targets_are_actions_as_changes_are() -> None:
    learner = make("environment.action=target")
    actions = play(learner, 6)
    assert set(actions) == set(range(5))  # every count from 1 to 5
    assert learner.policy().act(seen(2), {"action_deltas": ()}) in range(5)
