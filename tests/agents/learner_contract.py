"""What every learner must do; inherit ``LearnerContract`` and say how one is made."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agents.learner import Learner, NotFinite
from tests.agents.farms import begin, seen, step


def play(learner: Learner, episodes: int, seed: int = 0) -> list[int]:
    """Feed the learner made-up episodes of 10 steps; return all its actions."""
    rng = np.random.default_rng(seed)
    actions = []
    for _ in range(episodes):
        actions.append(begin(learner, seen(workers=2)))
        for number in range(10):
            observation = seen(workers=int(rng.integers(1, 6)), worker_queue=float(rng.integers(0, 40)))
            actions.append(step(learner, float(rng.normal()), observation, False, number == 9))
        learner.end()
    return actions


class LearnerContract:
    def make(self, *assignments: str, seed: int = 0) -> Learner:
        raise NotImplementedError

    def test_the_same_seed_is_the_same_learner(self) -> None:
        one, two = self.make(seed=3), self.make(seed=3)
        assert play(one, 6) == play(two, 6)
        first, second = one.state_dict(), two.state_dict()
        assert first[1] == second[1]
        assert {name: array.tobytes() for name, array in first[0].items()} == {
            name: array.tobytes() for name, array in second[0].items()
        }

    def test_another_seed_explores_otherwise(self) -> None:
        assert play(self.make(seed=1), 4) != play(self.make(seed=2), 4)

    def test_restored_goes_on_to_the_bit(self) -> None:
        straight, stopped = self.make(), self.make()
        play(straight, 5, seed=1)
        play(stopped, 5, seed=1)
        resumed = self.make(seed=99)
        tensors, state = stopped.state_dict()
        resumed.load_state_dict({name: array.copy() for name, array in tensors.items()}, state)
        assert play(straight, 5, seed=2) == play(resumed, 5, seed=2)
        for name, array in straight.state_dict()[0].items():
            assert array.tobytes() == resumed.state_dict()[0][name].tobytes(), name
        assert straight.state_dict()[1] == resumed.state_dict()[1]

    def test_a_policy_is_not_changed_by_later_learning(self) -> None:
        learner = self.make()
        play(learner, 3)
        policy = learner.policy()
        observations = [seen(workers=workers, worker_queue=queue) for workers in range(1, 6) for queue in (0, 5, 40)]
        before = [policy.act(each, {"action_deltas": (-1, 0, 1)}) for each in observations]
        play(learner, 30, seed=5)
        assert [policy.act(each, {"action_deltas": (-1, 0, 1)}) for each in observations] == before

    def test_epsilon_falls_to_its_least_value(self) -> None:
        section = type(self).__name__.removeprefix("Test").removesuffix("Learner").lower()
        decays = ("epsilon=0.8", "epsilon_min=0.1", "epsilon_decay=0.5")
        learner = self.make(*[f"agents.{section}.{each}" for each in decays])
        shown = []
        for _ in range(5):
            shown.append(learner.epsilon)
            play(learner, 1)
        assert shown == [0.8, 0.4, 0.2, 0.1, 0.1]

    @pytest.mark.parametrize("reward", [math.nan, math.inf])
    def test_a_reward_that_is_not_finite_stops(self, reward: float) -> None:
        learner = self.make()
        begin(learner, seen())
        with pytest.raises(NotFinite) as caught:
            step(learner, reward, seen(), False, False)
        assert caught.value.what == "reward"
        assert "reward" in caught.value.tensors
