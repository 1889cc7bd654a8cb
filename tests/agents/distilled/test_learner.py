"""DAgger's rounds: who acts, when it learns, and what it keeps."""

from __future__ import annotations

import numpy as np
import pytest

from agents.distilled.learner import DistilledLearner
from agents.distilled.lessons import Alone, Labelled
from agents.distilled.policy import DistilledPolicy
from agents.learned import load_policy
from agents.training import train
from agents.training.types import TrainingResult
from autoscaling_env.actions import nearest_action
from autoscaling_env.config import default_config
from autoscaling_env.errors import InputError
from autoscaling_env.policy import FromActions, Policy
from autoscaling_env.rollout import play_episode
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.testing.policy import PolicyContract
from tests.agents.farms import Clerk, make_classroom, make_env, small_config

SMALL = small_config("agents.distilled.round_episodes=3", "agents.distilled.beta_decay=0.5")


class TestDistilledPolicy(PolicyContract):
    def make_policy(self) -> Policy:
        return FromActions(DistilledLearner(default_config(), 0).policy())


def taught(learner: DistilledLearner, seeds: range, room: Alone) -> list[Labelled]:
    """Play lessons one by one, as a training does."""
    played = []
    for seed in seeds:
        (one,) = room.play([learner.lesson(seed)])
        learner.take([one])
        played.append(one)
    return played


@pytest.fixture
def room() -> Alone:
    return make_classroom(SMALL, 0)


def test_the_planner_acts_at_first_and_at_half_as_many_steps_in_each_round(room: Alone) -> None:
    learner, seen = DistilledLearner(SMALL, 0), []
    for seed in range(8):
        seen.append((learner.epsilon, learner.left))
        taught(learner, range(seed, seed + 1), room)
    assert seen == [(1, 3), (1, 2), (1, 1), (0.5, 3), (0.5, 2), (0.5, 1), (0.25, 2), (0.25, 1)]
    assert learner.epsilon == 0.125  # the last round is of two: the eighth episode is the last
    assert learner.left == 1


def test_in_the_first_round_the_planner_is_followed(room: Alone) -> None:
    (lesson,) = taught(DistilledLearner(SMALL, 0), range(1), room)
    env, clerk = make_env(SMALL), Clerk()
    alone = play_episode(env, clerk, agent="clerk", episode=0, episode_seed=0)
    assert lesson.summary == alone.summary
    assert len(lesson.facts) == len(lesson.values) == len(lesson.arrived) == len(lesson.steps)
    assert lesson.arrived.sum() == alone.info["enqueued_total"]


def test_it_does_not_learn_within_a_round(room: Alone) -> None:
    learner = DistilledLearner(SMALL, 0)
    first = learner.lesson(0).student
    taught(learner, range(2), room)
    assert learner.lesson(2).student is first
    assert learner.loss is None
    taught(learner, range(2, 3), room)
    assert learner.lesson(3).student is not first
    assert learner.loss is not None


def test_one_by_one_is_the_same_as_a_round_at_once(room: Alone) -> None:
    one, many = DistilledLearner(SMALL, 0), DistilledLearner(SMALL, 0)
    taught(one, range(3), room)
    many.take(room.play([many.lesson(seed) for seed in range(3)]))
    assert_alike(one, many)


def test_the_same_seed_is_the_same_learner_and_another_seed_another(room: Alone) -> None:
    one, two, other = DistilledLearner(SMALL, 3), DistilledLearner(SMALL, 3), DistilledLearner(SMALL, 4)
    for learner in (one, two, other):
        taught(learner, range(3), room)
    assert_alike(one, two)
    assert one.lesson(0).student.flat.tolist() != other.lesson(0).student.flat.tolist()


@pytest.mark.parametrize("stopped_after", [0, 2, 3, 4])
def test_restored_goes_on_to_the_bit(room: Alone, stopped_after: int) -> None:
    straight, stopped, resumed = (DistilledLearner(SMALL, seed) for seed in (1, 1, 99))
    taught(straight, range(7), room)
    taught(stopped, range(stopped_after), room)
    tensors, state = stopped.state_dict()
    resumed.load_state_dict({name: array.copy() for name, array in tensors.items()}, state)
    taught(resumed, range(stopped_after, 7), room)
    assert_alike(straight, resumed)


def assert_alike(one: DistilledLearner, two: DistilledLearner) -> None:
    (tensors, state), (others, other_state) = one.state_dict(), two.state_dict()
    assert state == other_state
    assert {name: array.tobytes() for name, array in tensors.items()} == {
        name: array.tobytes() for name, array in others.items()
    }


def test_a_policy_is_not_changed_by_later_learning(room: Alone) -> None:
    learner = DistilledLearner(SMALL, 0)
    taught(learner, range(3), room)
    policy = learner.policy()
    before = actions(policy)
    taught(learner, range(3, 6), room)
    assert actions(policy) == before


def actions(policy: DistilledPolicy) -> list[int]:
    workers: list[int] = []
    play_episode(
        make_env(SMALL),
        FromActions(policy),
        agent="",
        episode=0,
        episode_seed=9,
        on_step=lambda _, reward, info: workers.append(info["requested_workers"]),
    )
    return workers


def trained(folder: RunFolder, *more: str) -> TrainingResult:
    config = small_config("agents.distilled.updates=1500", *more)
    return train("distilled", config, env_factory=make_env, classroom=make_classroom, seed=5, folder=folder)


@pytest.mark.parametrize("action", ["delta", "target"])
def test_it_comes_to_do_what_it_is_taught(tmp_path, action: str) -> None:
    config = small_config(f"environment.action={action}", "environment.max_steps=12")
    more = (f"environment.action={action}", "environment.max_steps=12", "agents.distilled.hidden_layers=[32]")
    policy, clerk = load_policy(trained(RunFolder(tmp_path), *more).model), Clerk()
    off, env = [], make_env(config)
    for seed in range(4):
        observation, info = env.reset(options={"episode_seed": seed})
        policy.reset()
        ended = False
        while not ended:
            told, wanted = (nearest_action(each.decide(observation, info), info) for each in (policy, clerk))
            off.append(abs(told - wanted))
            observation, _, terminated, truncated, info = env.step(told)
            ended = terminated or truncated
    assert np.mean(off) < 0.4


def test_it_needs_somebody_to_imitate_and_labels_round_by_round(tmp_path) -> None:
    with pytest.raises(InputError, match="imitates a planner"):
        train("distilled", small_config(), env_factory=make_env, seed=5, folder=RunFolder(tmp_path / "a"))
    with pytest.raises(InputError, match=r"envs: 8: .*distilled\.round_episodes.* set it to 1"):
        trained(RunFolder(tmp_path / "b"), "agents.training.envs=8")
