"""Cost of training: SARSA, and our Double DQN beside stable-baselines3's with equal work; and the same on other farms.

``python -m benchmarks training`` prints the table; ``run`` returns it.

Equal work: the same environment, 120 episodes x 30 steps, network, batch, number of updates, replay, target and
clipping; one core each. The cases take turns, so that a busy machine slows all of them alike; what counts is the median
of the process's own CPU seconds. "Whole run" includes everything a run leaves on disk.

"To reward R" trains with the defaults until three evaluations in a row (every 25 episodes, 20 unseen episodes, not
counted) return R on average: on the SimPy farm, on the compiled one, and on several compiled ones at once; median of 5
training seeds.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agents.dqn.agent import DqnLearner
from agents.learner import Learner
from agents.sarsa import SarsaLearner
from agents.simultaneous import Environments
from agents.training import EXPLORERS, train
from agents.training.episodes import ALONE, ManyAtOnce, OneByOne, Player
from agents.training.evaluation import evaluate, evaluation_seeds
from agents.training.records import TrainingRecords
from agents.training.types import SilentTraining
from autoscaling_env.config import Config, load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.rng import episode_seeds
from autoscaling_env.run_folder import RunFolder
from benchmarks.timing import row, show
from simulator.vector_env import AutoscalingVectorEnv

EPISODES, STEPS = 120, 30
#: Rewards to be reached: a little below what a default training ends at.
REACHED = {"sarsa": 157.0, "dqn": 157.0}
#: Name -> how a training collects its episodes: farm, episodes at once.
COLLECTED = {
    "one on SimPy": ("simpy", 1),
    "one compiled": ("compiled", 1),
    "8 compiled": ("compiled", 8),
    "16 compiled": ("compiled", 16),
}
#: Episodes between two evaluations, how many in a row must reach it, and after how many episodes a training has failed.
EVALUATED_EVERY, IN_A_ROW, GIVEN_UP = 25, 3, 2000
THEIRS = "DQN 120 x 30, stable-baselines3"
SETTINGS = (
    f"agents.dqn.episodes={EPISODES}",
    "agents.sarsa.episodes=100",
    "agents.training.checkpoint_every=1000",
    "agents.training.eval_episodes=0",
)


def make_env(config: Config) -> OpenFaaSAutoscalingEnv:
    """Return the simulated farm."""
    return OpenFaaSAutoscalingEnv(config=config)


def learn(learner: Learner, config: Config, episodes: int) -> int:
    """Play training episodes and nothing else; return the steps."""
    env, steps = make_env(config), 0
    for seed in episode_seeds(0, episodes):
        observation, _ = env.reset(options={"episode_seed": seed})
        (action,), ended = learner.begin(observation[None]), False
        while not ended:
            observation, reward, terminated, truncated, _ = env.step(action)
            rewards, ends = np.array([float(reward)]), np.array([[terminated], [truncated]])
            (action,) = learner.step(rewards, observation[None], ends[0], ends[1], ALONE)
            ended, steps = terminated or truncated, steps + 1
        learner.end()
    return steps


def ours(config: Config) -> int:
    """Train our DQN; return its updates."""
    learner = DqnLearner(config, seed=0)
    learn(learner, config, EPISODES)
    return int(learner.state_dict()[1]["updates"])


def theirs(config: Config, *, after_each_episode: bool = False) -> int:
    """Train stable-baselines3's DQN, which updates after each step or, like ours, each episode; return its updates."""
    from stable_baselines3 import DQN

    dqn = config.agents.dqn
    model = DQN(
        "MlpPolicy",
        make_env(config),
        seed=0,
        learning_rate=dqn.learning_rate,
        gamma=dqn.gamma,
        buffer_size=dqn.replay_capacity,
        batch_size=dqn.batch_size,
        learning_starts=dqn.learning_starts - 1,
        train_freq=(1, "episode") if after_each_episode else dqn.train_every,
        gradient_steps=-1 if after_each_episode else 1,
        target_update_interval=dqn.target_update,
        tau=dqn.target_tau,
        max_grad_norm=dqn.gradient_clip,
        policy_kwargs={"net_arch": list(dqn.hidden_layers)},
        device="cpu",
    )
    model.learn(EPISODES * STEPS)
    return int(model._n_updates)  # noqa: SLF001 - it publishes no other count


def whole_run(agent: str, config: Config) -> int:
    """Train with everything a run leaves on disk; return the episodes."""
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder.create(Path(root), agent, datetime.now(UTC))
        factories: dict[str, Any] = {"env_factory": make_env, "vector_env_factory": make_envs}
        return train(agent, config, **factories, seed=0, folder=folder).episodes


def make_envs(config: Config, num_envs: int) -> Environments:
    """Return compiled farms that are played at once."""
    return AutoscalingVectorEnv(num_envs, config=config)


def seconds_to_reward(agent: str, config: Config, farm: str, at_once: int, seed: int) -> float:
    """Return the CPU seconds of training until evaluations steadily reach ``REACHED``; infinite: they never did."""
    learner, records = EXPLORERS[agent](config, seed), TrainingRecords(agent, config, seed, ())
    alone = OpenFaaSAutoscalingEnv(config=config, backend=farm)
    player: Player = OneByOne(agent, learner, alone, records)
    if at_once > 1:
        player = ManyAtOnce(agent, learner, make_envs(config, at_once), records)
    evaluated, done, spent, in_a_row = make_envs(config, 20), 0, 0.0, 0
    seeds = episode_seeds(seed, GIVEN_UP)
    while done < GIVEN_UP:
        end = min(done + at_once, (done // EVALUATED_EVERY + 1) * EVALUATED_EVERY)
        spent += cpu_seconds(lambda start=done, end=end: player.play(start + 1, seeds[start:end]))  # type: ignore[misc]
        done = end
        if done % EVALUATED_EVERY == 0:
            in_a_row = in_a_row + 1 if _mean_return(evaluated, learner) >= REACHED[agent] else 0
            if in_a_row == IN_A_ROW:
                return spent
    return float("inf")


def _mean_return(envs: Environments, learner: Learner) -> float:
    asked: dict[str, Any] = {"checkpoint": "", "episode": 0, "seeds": evaluation_seeds(1_000_003, 20)}
    return statistics.mean(evaluate(envs, learner.policy(), **asked, listener=SilentTraining()).total_reward)


def run_to_reward(seeds: int = 5) -> list[dict[str, Any]]:
    """Return rows as ``run``: median CPU seconds to the reward; ratio: how many of these SimPy costs."""
    config, rows = load_config(), []
    for agent, reward in REACHED.items():
        spent: dict[str, list[float]] = {name: [] for name in COLLECTED}
        for seed in range(seeds):
            for name, (farm, at_once) in COLLECTED.items():
                spent[name].append(seconds_to_reward(agent, config, farm, at_once, seed))
        medians = {f"{agent} to reward {reward:g}, {name}": statistics.median(each) for name, each in spent.items()}
        first = next(iter(medians))
        rows += [row(name, value, "CPU s", first, medians[first] / value) for name, value in medians.items()]
    return rows


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process, all its threads together."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def run(repeats: int = 3) -> list[dict[str, Any]]:
    """Return ``{name, value, unit, ratio_to, ratio}``: median CPU seconds; ratio: how many of ours theirs costs."""
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"stable_baselines3\.")
    torch.set_num_threads(1)
    config = load_config(assignments=SETTINGS)
    works: dict[str, Callable[[], int]] = {
        "SARSA 100 x 30": lambda: learn(SarsaLearner(config, 0), config, 100),
        "SARSA 100 x 30, whole run": lambda: whole_run("sarsa", config),
        "DQN 120 x 30": lambda: ours(config),
        "DQN 120 x 30, whole run": lambda: whole_run("dqn", config),
        THEIRS: lambda: theirs(config),
        f"{THEIRS}, updates after episodes": lambda: theirs(config, after_each_episode=True),
    }
    for name, work in works.items():
        if THEIRS not in name:
            work()  # imports and compilation are not training
    if ours(config) != theirs(config):
        raise RuntimeError("not the same number of updates")
    timings: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            timings[name].append(cpu_seconds(work))
    return _rows({name: statistics.median(values) for name, values in timings.items()}) + run_to_reward()


def _rows(medians: dict[str, float]) -> list[dict[str, Any]]:
    rows = []
    for name, seconds in medians.items():
        compared = name.startswith("DQN 120") and name != THEIRS
        base, ratio = (THEIRS, medians[THEIRS] / seconds) if compared else (None, None)
        rows.append(row(name, seconds, "CPU s", base, ratio))
    return rows


if __name__ == "__main__":
    show(run())
