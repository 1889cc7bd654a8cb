"""Episodes played at once are the episodes played alone, to the bit; so are evaluations and trainings made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.distilled.learner import DistilledLearner
from agents.learned import load_policy
from agents.learner import BatchPolicy, Learner
from agents.simultaneous import Environments, Simultaneous
from agents.training import EXPLORERS, resume, train
from agents.training.episodes import ManyAtOnce, OneByOne
from agents.training.evaluation import evaluate
from agents.training.records import TrainingRecords
from agents.training.types import SilentTraining, TrainingError, TrainingResult
from autoscaling_env.config import Config, load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, ModelError
from autoscaling_env.rng import episode_seeds
from autoscaling_env.run_folder import RunFolder
from tests.agents.farms import make_classroom, make_env, small_config
from tests.agents.training.test_training import Recorder, contents

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
THREE = "agents.training.envs=3"


def make_vector_env(config: Config, num_envs: int) -> Environments:
    """Return compiled farms that are played at once."""
    vector_env = pytest.importorskip("simulator.vector_env")
    made: Environments = vector_env.AutoscalingVectorEnv(num_envs, config=config)
    return made


@pytest.fixture(params=["sarsa", "dqn", "ppo"])
def agent(request: pytest.FixtureRequest) -> str:
    if request.param in {"dqn", "ppo"}:
        pytest.importorskip("torch")
    return str(request.param)


def trained(agent: str, config: Config, episodes: int) -> Learner:
    """Return a learner after some episodes in a single environment."""
    learner = EXPLORERS[agent](config, 0)
    player = OneByOne(agent, learner, make_env(config), TrainingRecords(agent, config, 0, ()))
    for number, seed in enumerate(episode_seeds(1, episodes), start=1):
        player.play(number, [seed])
    return learner


@pytest.mark.parametrize("at_once", [1, 3, 7])
def test_an_evaluation_of_many_at_once_gives_the_same_numbers(agent: str, at_once: int) -> None:
    config = load_config()  # the reference deployment: episodes of 30 steps and 1140 tasks
    policy, seeds = trained(agent, config, 3).policy(), episode_seeds(77, 7)
    asked: dict[str, Any] = {"checkpoint": "", "episode": 0, "seeds": seeds, "listener": SilentTraining()}
    alone = evaluate(OpenFaaSAutoscalingEnv(config=config), policy, **asked)
    together = evaluate(make_vector_env(config, at_once), policy, **asked)
    assert together == alone
    assert len(set(alone.total_reward)) == 7


def test_episodes_that_end_early_are_waited_for_and_not_counted_on() -> None:
    """Ends at different steps: terminated as soon as everything is collected."""
    config = small_config("environment.max_steps=30", "farm.initial_workers=5")
    policy: BatchPolicy = EXPLORERS["sarsa"](config, 0).policy()
    seeds = episode_seeds(3, 12)
    episodes = Simultaneous(make_vector_env(config, 16), seeds)
    while episodes.playing.any():
        episodes.step(policy.act_batch(episodes.observations, episodes.infos))
    alone = evaluate(make_env(config), policy, checkpoint="", episode=0, seeds=seeds, listener=SilentTraining())
    assert tuple(each.total_reward for each in episodes.summaries()) == alone.total_reward
    assert tuple(each.final_qos_total for each in episodes.summaries()) == alone.final_qos
    assert len({each.steps for each in episodes.summaries()}) > 1


def test_who_remembers_an_episode_is_evaluated_alike_many_at_once() -> None:
    config = small_config("environment.max_steps=12")
    learner, room = DistilledLearner(config, 0), make_classroom(config, 0)
    learner.take(room.play([learner.lesson(seed) for seed in range(learner.left)]))
    policy, seeds = learner.policy(), episode_seeds(77, 7)
    asked: dict[str, Any] = {"checkpoint": "", "episode": 0, "seeds": seeds, "listener": SilentTraining()}
    alone = evaluate(make_env(config), policy, **asked)
    assert evaluate(make_vector_env(config, 3), policy, **asked) == alone
    assert len(set(alone.total_reward)) == 7


def test_a_batch_of_actions_is_the_actions_one_by_one(agent: str) -> None:
    rng = np.random.default_rng(0)
    policy = trained(agent, small_config(), 5).policy()
    seen = rng.uniform(0, 40, size=(500, 9)).astype(np.float32)
    assert policy.act_batch(seen, {}) == [policy.act(each, {}) for each in seen]


def play(agent: str, player: type[OneByOne | ManyAtOnce], config: Config) -> tuple[Any, Any, Learner]:
    """Train ten episodes, one at a time; return lines, step records and the learner."""
    learner, records = EXPLORERS[agent](config, 0), TrainingRecords(agent, config, 0, ())
    env: Any = make_env(config) if player is OneByOne else make_vector_env(config, 1)
    playing = player(agent, learner, env, records)
    lines = [line for number, seed in enumerate(episode_seeds(1, 10), start=1) for line in playing.play(number, [seed])]
    return lines, records.steps.frame(), learner


def test_a_vector_environment_of_one_trains_to_the_same_bits(agent: str) -> None:
    (lines, steps, learner), (same_lines, same_steps, same_learner) = (
        play(agent, player, small_config()) for player in (OneByOne, ManyAtOnce)
    )
    assert lines == same_lines
    assert steps.equals(same_steps)
    (tensors, state), (same_tensors, same_state) = learner.state_dict(), same_learner.state_dict()
    assert state == same_state
    assert {name: each.tobytes() for name, each in tensors.items()} == {
        name: each.tobytes() for name, each in same_tensors.items()
    }


def run(agent: str, root: Path, listener: SilentTraining | None = None, *assignments: str) -> TrainingResult:
    """Train the small farm's agent, three episodes at once, into a new folder of ``root``."""
    folder, config = RunFolder.create(root, agent, NOW), small_config(THREE, *assignments)
    factories: dict[str, Any] = {"env_factory": make_env, "vector_env_factory": make_vector_env}
    stop = listener.stop if isinstance(listener, Recorder) else None
    return train(agent, config, **factories, seed=5, folder=folder, listener=listener, stop=stop, started=NOW)


def test_many_at_once_is_a_run_like_any_other(agent: str, tmp_path: Path) -> None:
    listener = Recorder()
    result = run(agent, tmp_path, listener)
    assert [line.episode for line in listener.lines] == list(range(1, 9))
    assert [each.episode for each in listener.evaluations] == [0, 4, 8]
    assert len({line.epsilon for line in listener.lines[:3]}) == 1  # one for all that are played at once
    assert listener.lines[2].epsilon > listener.lines[3].epsilon
    assert load_policy(result.model).episodes == 8


def test_the_same_seed_is_the_same_run_to_the_byte(agent: str, tmp_path: Path) -> None:
    assert contents(run(agent, tmp_path / "a").folder) == contents(run(agent, tmp_path / "b").folder)


@pytest.mark.parametrize("stop_after", [1, 4, 5])
def test_stopped_and_resumed_is_as_if_never_stopped(agent: str, tmp_path: Path, stop_after: int) -> None:
    straight = run(agent, tmp_path / "straight")
    stopped = run(agent, tmp_path / "stopped", Recorder(stop_after))
    assert stopped.interrupted
    assert stopped.episodes >= stop_after
    folder = RunFolder.open(stopped.folder)
    resumed = resume(folder, env_factory=make_env, vector_env_factory=make_vector_env)
    assert contents(resumed.folder) == contents(straight.folder)


def test_half_then_resumed_with_more_episodes_is_the_whole(agent: str, tmp_path: Path) -> None:
    straight = run(agent, tmp_path / "straight")
    half = run(agent, tmp_path / "half", None, f"agents.{agent}.episodes=4")
    folder = RunFolder.open(half.folder)
    resumed = resume(folder, env_factory=make_env, vector_env_factory=make_vector_env, episodes=8)
    assert contents(resumed.folder) == contents(straight.folder)


def test_a_farm_that_cannot_be_played_many_at_once_is_refused(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "sarsa", NOW)
    with pytest.raises(InputError, match="envs: 3: this farm plays one episode at a time"):
        train("sarsa", small_config(THREE), env_factory=make_env, seed=5, folder=folder)


class Breaking:
    """A vector environment that gives its second row NaN for a reward from its second reset on."""

    def __init__(self, env: Environments) -> None:
        self.num_envs, self._env, self._resets = env.num_envs, env, 0

    def reset(self, **given: Any) -> Any:
        self._resets += 1
        return self._env.reset(**given)

    def step(self, actions: Any) -> Any:
        observations, rewards, *rest = self._env.step(actions)
        if self._resets == 2 and self.num_envs == 3:
            rewards[1] = np.nan
        return observations, rewards, *rest

    def close(self) -> None:
        self._env.close()


def test_a_nan_reward_names_the_episode_it_came_from(agent: str, tmp_path: Path) -> None:
    def make(config: Config, num_envs: int) -> Any:
        return Breaking(make_vector_env(config, num_envs))

    folder = RunFolder.create(tmp_path, agent, NOW)
    config = small_config(THREE, "agents.training.checkpoint_every=8", "agents.training.eval_episodes=0")
    with pytest.raises(TrainingError, match=r"reward of episode 5 .*_ep0000\.safetensors"):
        train(agent, config, env_factory=make_env, vector_env_factory=make, seed=5, folder=folder)


def test_a_model_refuses_a_batch_of_farms_with_other_actions(tmp_path: Path) -> None:
    model = load_policy(run("sarsa", tmp_path).model)
    env = make_vector_env(small_config("environment.action_deltas=[-2, 0, 2]"), 2)
    observations, infos = env.reset(options={"episode_seeds": [1, 2]})
    with pytest.raises(ModelError, match="trained with action_deltas"):
        model.act_batch(observations, infos)
