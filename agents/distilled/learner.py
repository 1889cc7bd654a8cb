"""DAgger: the student plays, the planner labels, and the student learns from all that was labelled so far.

Ross, Gordon & Bagnell 2011 (DAgger); Ross & Bagnell 2014 (AggreVaTe: what each decision costs is learned, not only
which one the teacher would make).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from agents.checkpoint import Tensors
from agents.distilled.features import Profile, fact_count
from agents.distilled.fit import fitted
from agents.distilled.labels import moves_of, scaled
from agents.distilled.lessons import Labelled, Lesson
from agents.distilled.policy import DistilledPolicy, Student
from agents.networks.normaliser import Normaliser
from agents.networks.weights import initial_weights
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.rng import stream


class DistilledLearner:
    """Remembers every lesson; learns from all of them after a round.

    Args:
        config: ``agents.distilled``, the actions, and the steps of an episode.
        seed: of the first weights and of the batches.
    """

    def __init__(self, config: Config, seed: int) -> None:
        self._config = config.agents.distilled
        self._actions = Actions.of(config)
        self._moves = len(moves_of(self._actions).deltas)
        self._rng = stream(seed, "agent")
        self._episodes = self._rounds = 0
        self.loss: float | None = None
        facts = fact_count(self._config.history_steps)
        self._facts = [np.zeros((0, facts), dtype=np.float32)]
        self._steps = [np.zeros(0, dtype=np.int64)]
        self._values = [np.zeros((0, self._moves), dtype=np.float32)]
        profile = Profile.empty(config.environment.max_steps)
        sizes = (facts + profile.size, *self._config.hidden_layers, self._moves)
        first = initial_weights(sizes, self._rng)
        history = self._config.history_steps
        self._student = Student(first, sizes, Normaliser(sizes[0]), profile, history, config.environment.max_steps)
        self._profile = profile

    @property
    def epsilon(self) -> float:
        """Return DAgger's beta, the share of steps at which the planner acts in the current round."""
        return float(self._config.beta_decay**self._rounds)

    @property
    def left(self) -> int:
        """Lessons until it learns next: at the end of a round, and after the last episode."""
        to_round = self._config.round_episodes - self._episodes % self._config.round_episodes
        to_end = self._config.episodes - self._episodes
        return min(to_round, to_end) if to_end > 0 else to_round

    def lesson(self, episode_seed: int) -> Lesson:
        """Return the lesson of an episode of the current round."""
        return Lesson(episode_seed, self.epsilon, self._student)

    def take(self, played: Sequence[Labelled]) -> None:
        """Remember lessons, at most ``left``; learn where a round ends."""
        ends = len(played) == self.left
        for each in played:
            self._facts.append(each.facts)
            self._steps.append(np.arange(len(each.facts), dtype=np.int64))
            self._values.append(each.values)
        self._profile = self._profile.with_episodes([each.arrived for each in played])
        self._episodes += len(played)
        if ends:
            self._learn()

    def policy(self) -> DistilledPolicy:
        """Return the student, which later learning does not change."""
        return DistilledPolicy(self._student, self._actions)

    def state_dict(self) -> tuple[Tensors, dict[str, Any]]:
        """Return the student, all labels, counters and the random state."""
        self._together()
        tensors = self._student.tensors() | {
            "labels.facts": self._facts[0],
            "labels.steps": self._steps[0],
            "labels.values": self._values[0],
            "labels.arrived": self._profile.total,
            "labels.episodes": self._profile.episodes,
        }
        state = {
            "episodes": self._episodes,
            "rounds": self._rounds,
            "loss": self.loss,
            "rng": self._rng.bit_generator.state,
        }
        return tensors, state

    def load_state_dict(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``state_dict`` was taken from."""
        self._student = Student.of(tensors)
        self._facts, self._steps = [tensors["labels.facts"]], [tensors["labels.steps"]]
        self._values = [tensors["labels.values"]]
        self._profile = Profile(tensors["labels.arrived"].copy(), tensors["labels.episodes"].copy())
        self._episodes, self._rounds, self.loss = state["episodes"], state["rounds"], state["loss"]
        self._rng.bit_generator.state = state["rng"]

    def _together(self) -> None:
        self._facts, self._steps = [np.concatenate(self._facts)], [np.concatenate(self._steps)]
        self._values = [np.concatenate(self._values)]

    def _learn(self) -> None:
        """Fit new weights to all labels there are: what an early round made of the first few is no good beginning."""
        self._together()
        (facts,), (steps,), (values,) = self._facts, self._steps, self._values
        features = np.hstack((facts, self._profile.at_all(steps)))
        normaliser = Normaliser(features.shape[1])
        normaliser.update(features)
        first = initial_weights(self._student.sizes, self._rng)
        labels = scaled(values)
        flat, self.loss = fitted(first, self._student.sizes, normaliser(features), labels, self._config, self._rng)
        self._student = replace(self._student, flat=flat, normaliser=normaliser, profile=self._profile)
        self._rounds += 1
