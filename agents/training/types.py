"""What training tells while it runs, what it returns, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from agents.distilled.learner import DistilledLearner
from agents.distilled.lessons import Classroom
from agents.learner import Learner
from agents.simultaneous import Environments
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import AutoscalingError

#: Makes an environment for a configuration; training and evaluation each have their own.
EnvFactory = Callable[[Config], OpenFaaSAutoscalingEnv]

#: Makes so many environments that are played at once. Called only where a farm can do that.
VectorEnvFactory = Callable[[Config, int], Environments]

#: Makes where the planner labels, for a configuration and a training seed.
MakeClassroom = Callable[[Config, int], Classroom]

#: What learns from what comes of its actions, and what learns from a teacher.
AnyLearner: TypeAlias = Learner | DistilledLearner


class TrainingError(AutoscalingError):
    """Training cannot go on: a reward or loss is not finite. The message names what was kept."""


@dataclass(frozen=True, slots=True)
class TrainingEpisode:
    """One training episode; the columns of ``training_metrics.json`` (docs/agents.md)."""

    episode: int
    episode_seed: int
    total_reward: float
    steps: int
    final_qos: float
    mean_workers: float
    scaling_actions: int
    epsilon: float
    loss: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A checkpoint on the evaluation episodes: one value per episode, in their order."""

    checkpoint: str
    episode: int
    total_reward: tuple[float, ...]
    final_qos: tuple[float, ...]
    mean_workers: tuple[float, ...]
    scaling_actions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """How a training ended.

    Attributes:
        agent: which learner it is of: ``sarsa``, ``dqn``, ``ppo`` or ``distilled``.
        folder: the run folder.
        model: the checkpoint with the highest return on the evaluation episodes; the newest (``*_final`` or
            ``*_interrupt``) where that one is it, none was evaluated, or the training was interrupted.
        episodes: training episodes behind it.
        planned_episodes: how many there were to be.
        interrupted: the stop signal ended it early; ``resume_arguments`` go on.
        evaluation: that of ``model``, or the last one before an interruption; None: there was none.
        evaluated: how many checkpoints were.
    """

    agent: str
    folder: Path
    model: Path
    episodes: int
    planned_episodes: int
    interrupted: bool
    evaluation: Evaluation | None
    evaluated: int = 0

    @property
    def resume_arguments(self) -> tuple[str, ...]:
        """Arguments after ``autoscale`` that go on from here."""
        return ("train", self.agent, "--resume", str(self.folder))


class TrainingListener(Protocol):
    """Told as training goes on; the command line draws from it. Nothing it does changes what is learned."""

    def started(self, agent: str, done: int, planned: int) -> None:
        """``done`` episodes of ``planned`` lie behind (0 unless resumed)."""
        ...

    def episode(self, line: TrainingEpisode) -> None:
        """Take in a training episode that ended."""
        ...

    def evaluation_progress(self, done: int, planned: int) -> None:
        """``done`` of the ``planned`` evaluation episodes of a checkpoint are played."""
        ...

    def evaluated(self, evaluation: Evaluation) -> None:
        """Take in the evaluation of a checkpoint."""
        ...

    def saved(self, path: Path) -> None:
        """Take note of a checkpoint that was written."""
        ...

    def note(self, text: str) -> None:
        """Something the user should know, one sentence."""
        ...


class SilentTraining:
    """A listener that does nothing; subclass it and override what you need."""

    def started(self, agent: str, done: int, planned: int) -> None:
        """Ignore."""

    def episode(self, line: TrainingEpisode) -> None:
        """Ignore."""

    def evaluation_progress(self, done: int, planned: int) -> None:
        """Ignore."""

    def evaluated(self, evaluation: Evaluation) -> None:
        """Ignore."""

    def saved(self, path: Path) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""
