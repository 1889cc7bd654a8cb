"""A lesson: the student plays an episode, and the planner says of every moment what each move was worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agents.distilled.features import Recall
from agents.distilled.labels import Teacher, moves_of, values_of
from agents.distilled.policy import DistilledPolicy, Student
from agents.networks.weights import Floats
from agents.simultaneous import StepRow
from autoscaling_env.actions import Actions
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.observation import standard
from autoscaling_env.rng import stream
from autoscaling_env.summary import EpisodeSummary, SummaryLog


@dataclass(frozen=True, slots=True)
class Lesson:
    """An episode to play.

    Attributes:
        episode_seed: which one.
        led: share of the steps at which the planner acts instead of the student.
        student: who plays.
    """

    episode_seed: int
    led: float
    student: Student


@dataclass(frozen=True, slots=True)
class Labelled:
    """A lesson that was played.

    Attributes:
        steps: as records take them.
        facts: float32[n, facts], of the moment before each step.
        values: float32[n, moves], what each move was worth then; see ``agents.distilled.labels.values_of``.
        arrived: int64[n], tasks that came in each step.
        summary: of the episode.
    """

    steps: list[StepRow]
    facts: Floats
    values: Floats
    arrived: NDArray[np.int64]
    summary: EpisodeSummary


class Classroom(Protocol):
    """Where lessons are played, each as ``play_lesson`` plays it."""

    @property
    def at_once(self) -> int:
        """Lessons at the same time."""
        ...

    def play(self, lessons: Sequence[Lesson]) -> list[Labelled]:
        """Play lessons; they are returned in their order."""
        ...

    def close(self) -> None:
        """Close environments, and end what was started."""
        ...


class Alone:
    """A classroom in this process: one lesson after the other."""

    at_once = 1

    def __init__(self, env: OpenFaaSAutoscalingEnv, teacher: Teacher) -> None:
        self._env, self._teacher = env, teacher

    def play(self, lessons: Sequence[Lesson]) -> list[Labelled]:
        """Play lessons."""
        return [play_lesson(self._env, self._teacher, lesson) for lesson in lessons]

    def close(self) -> None:
        """Close the environment."""
        self._env.close()


def play_lesson(env: OpenFaaSAutoscalingEnv, teacher: Teacher, lesson: Lesson) -> Labelled:
    """Play a lesson; the same one always comes to the same."""
    teacher.reset()
    observation, info = env.reset(options={"episode_seed": lesson.episode_seed})
    actions, student = Actions.of_info(info), lesson.student
    policy, moves, rng = DistilledPolicy(student, actions), moves_of(actions), stream(lesson.episode_seed, "agent")
    recall, log = Recall(student.history_steps, student.max_steps), SummaryLog()
    steps: list[StepRow] = []
    facts, values, enqueued = [], [], [int(info["enqueued_total"])]
    ended = False
    while not ended:
        requested = int(info["requested_workers"])
        facts.append(recall.facts(standard(observation, info), info))
        led = actions.nearest(teacher.decide(observation, info), requested)
        values.append(values_of(teacher.values(), moves, requested))
        action = led if rng.random() < lesson.led else policy.act_on(facts[-1], info)
        observation, given, terminated, truncated, info = env.step(action)
        log.add(observation, float(given), info)
        steps.append((observation, float(given), terminated, truncated, info))
        enqueued.append(int(info["enqueued_total"]))
        ended = terminated or truncated
    return Labelled(steps, np.array(facts), np.array(values), np.diff(enqueued), log.summary())
