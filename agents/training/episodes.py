"""Training episodes: one after the other in an environment, or many at once in a vector environment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from agents.distilled.learner import DistilledLearner
from agents.distilled.lessons import Classroom, Labelled
from agents.learner import Learner, NotFinite, OnPolicy
from agents.simultaneous import Environments, Simultaneous, StepRow
from agents.training.records import TrainingRecords
from agents.training.types import TrainingEpisode
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.summary import EpisodeSummary, SummaryLog

#: The one episode that is played goes on.
ALONE = np.ones(1, dtype=np.bool_)


class Player(Protocol):
    """Plays training episodes and records their steps."""

    @property
    def at_once(self) -> int:
        """Episodes it plays at once."""
        ...

    def play(self, first: int, seeds: Sequence[int]) -> list[TrainingEpisode]:
        """Play the episodes numbered from ``first``, at most ``at_once``.

        Raises:
            NotFinite: a reward or loss is NaN or infinite.
        """
        ...

    def close(self) -> None:
        """Close the environment."""
        ...


class OneByOne:
    """The learner in a single environment."""

    at_once = 1

    def __init__(self, agent: str, learner: Learner, env: OpenFaaSAutoscalingEnv, records: TrainingRecords) -> None:
        self._agent, self._learner, self._env, self._records = agent, learner, env, records

    def play(self, first: int, seeds: Sequence[int]) -> list[TrainingEpisode]:
        """Play one episode."""
        learner, epsilon, log = self._learner, self._learner.epsilon, SummaryLog()
        observation, _ = self._env.reset(options={"episode_seed": seeds[0]})
        (action,) = learner.begin(observation[None])
        ended = False
        while not ended:
            observation, given, terminated, truncated, info = self._env.step(action)
            reward = float(given)
            log.add(observation, reward, info)
            ends = np.array([[terminated], [truncated]])
            (action,) = learner.step(np.array([reward]), observation[None], ends[0], ends[1], ALONE)
            self._records.steps.append(self._agent, first, observation, reward, terminated, truncated, info)
            ended = terminated or truncated
        (loss,) = learner.end()
        return [_line(first, seeds[0], log.summary(), epsilon, loss)]

    def close(self) -> None:
        """Close the environment."""
        self._env.close()


class ManyAtOnce:
    """The learner in a vector environment: it acts for all episodes, and they share an epsilon."""

    def __init__(self, agent: str, learner: Learner, env: Environments, records: TrainingRecords) -> None:
        self._agent, self._learner, self._env, self._records = agent, learner, env, records

    @property
    def at_once(self) -> int:
        """As many as there are environments; no more than are left to who learns from its own episodes alone."""
        room, learner = self._env.num_envs, self._learner
        return min(room, learner.left) if isinstance(learner, OnPolicy) else room

    def play(self, first: int, seeds: Sequence[int]) -> list[TrainingEpisode]:
        """Play until all episodes are over; their steps are recorded episode by episode."""
        learner, epsilon = self._learner, self._learner.epsilon
        episodes = Simultaneous(self._env, seeds)
        steps: list[list[StepRow]] = [[] for _ in seeds]
        actions = learner.begin(episodes.observations)
        while episodes.playing.any():
            playing = episodes.playing
            episodes.step(actions)
            outcome = (episodes.rewards, episodes.observations, episodes.terminated, episodes.truncated)
            actions = learner.step(*outcome, playing)
            for row, step in episodes.rows(playing):
                steps[row].append(step)
        self._record(first, steps)
        played = zip(seeds, episodes.summaries(), learner.end(), strict=True)
        return [_line(number, seed, one, epsilon, loss) for number, (seed, one, loss) in enumerate(played, start=first)]

    def _record(self, first: int, steps: list[list[StepRow]]) -> None:
        for number, rows in enumerate(steps, start=first):
            for row in rows:
                self._records.steps.append(self._agent, number, *row)

    def close(self) -> None:
        """Close the environment."""
        self._env.close()


class Taught:
    """The student plays what the planner labels; it learns where a round ends, however many play at once."""

    def __init__(self, agent: str, learner: DistilledLearner, classroom: Classroom, records: TrainingRecords) -> None:
        self._agent, self._learner, self._classroom, self._records = agent, learner, classroom, records
        self.at_once = classroom.at_once

    def play(self, first: int, seeds: Sequence[int]) -> list[TrainingEpisode]:
        """Play lessons; the loss in their lines is that of the student who played."""
        learner, lines = self._learner, list[TrainingEpisode]()
        while len(lines) < len(seeds):
            some = seeds[len(lines) :][: learner.left]
            epsilon, loss = learner.epsilon, learner.loss
            played = self._classroom.play([learner.lesson(seed) for seed in some])
            for seed, one in zip(some, played, strict=True):
                number = first + len(lines)
                _check_rewards(one, len(lines))
                for step in one.steps:
                    self._records.steps.append(self._agent, number, *step)
                lines.append(_line(number, seed, one.summary, epsilon, loss))
            learner.take(played)
        return lines

    def close(self) -> None:
        """Close the classroom."""
        self._classroom.close()


def _check_rewards(played: Labelled, row: int) -> None:
    for observation, reward, *_ in played.steps:
        if not math.isfinite(reward):
            raise NotFinite("reward", {"observation": observation, "reward": np.array([reward])}, row)


def _line(number: int, seed: int, one: EpisodeSummary, epsilon: float, loss: float | None) -> TrainingEpisode:
    figures = (one.total_reward, one.steps, one.final_qos_total, one.mean_workers, one.scaling_actions)
    return TrainingEpisode(number, seed, *figures, epsilon, loss)
