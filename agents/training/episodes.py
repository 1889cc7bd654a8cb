"""Training episodes: one after the other in an environment, or many at once in a vector environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from agents.learner import Learner
from agents.simultaneous import Environments, Played, Simultaneous, StepRow
from agents.training.records import TrainingRecords
from agents.training.types import EpisodeLine
from autoscaling_env.env import OpenFaaSAutoscalingEnv


class Player(Protocol):
    """Plays training episodes and records their steps."""

    @property
    def at_once(self) -> int:
        """Episodes it plays at once."""
        ...

    def play(self, first: int, seeds: Sequence[int]) -> list[EpisodeLine]:
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

    def play(self, first: int, seeds: Sequence[int]) -> list[EpisodeLine]:
        """Play one episode."""
        epsilon = self._learner.epsilon
        observation, info = self._env.reset(options={"episode_seed": seeds[0]})
        action = self._learner.begin(observation)
        rewards: list[float] = []
        workers = changed = 0
        ended = False
        while not ended:
            observation, given, terminated, truncated, info = self._env.step(action)
            rewards.append(float(given))
            action = self._learner.step(rewards[-1], observation, terminated, truncated)
            self._records.steps.append(self._agent, first, observation, rewards[-1], terminated, truncated, info)
            workers += info["requested_workers"]
            changed += info["applied_delta"] != 0
            ended = terminated or truncated
        loss, steps = self._learner.end(), len(rewards)
        qos = info["episode_final_qos"]
        return [EpisodeLine(first, seeds[0], sum(rewards), steps, qos, workers / steps, changed, epsilon, loss)]

    def close(self) -> None:
        """Close the environment."""
        self._env.close()


class ManyAtOnce:
    """The learner in a vector environment: it acts for all episodes, and they share an epsilon."""

    def __init__(self, agent: str, learner: Learner, env: Environments, records: TrainingRecords) -> None:
        self._agent, self._learner, self._env, self._records = agent, learner, env, records
        self.at_once = env.num_envs

    def play(self, first: int, seeds: Sequence[int]) -> list[EpisodeLine]:
        """Play until all episodes are over; their steps are recorded episode by episode."""
        learner, epsilon = self._learner, self._learner.epsilon
        episodes = Simultaneous(self._env, seeds)
        steps: list[list[StepRow]] = [[] for _ in seeds]
        actions = learner.begin_batch(episodes.observations)
        while episodes.playing.any():
            playing = episodes.playing
            episodes.step(actions)
            outcome = (episodes.rewards, episodes.observations, episodes.terminated, episodes.truncated)
            actions = learner.step_batch(*outcome, playing)
            for row, step in episodes.rows(playing):
                steps[row].append(step)
        self._record(first, steps)
        played = zip(seeds, episodes.played(), learner.end_batch(), strict=True)
        return [_line(number, seed, one, epsilon, loss) for number, (seed, one, loss) in enumerate(played, start=first)]

    def _record(self, first: int, steps: list[list[StepRow]]) -> None:
        for number, rows in enumerate(steps, start=first):
            for row in rows:
                self._records.steps.append(self._agent, number, *row)

    def close(self) -> None:
        """Close the environment."""
        self._env.close()


def _line(number: int, seed: int, one: Played, epsilon: float, loss: float | None) -> EpisodeLine:
    figures = (one.total_reward, one.steps, one.final_qos, one.mean_workers, one.scaling_actions)
    return EpisodeLine(number, seed, *figures, epsilon, loss)
