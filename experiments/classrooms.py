"""Where the planner labels what a student does: in this process, or in several."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module

from agents.distilled.lessons import Alone, Classroom, Labelled, Lesson
from agents.training.types import MakeClassroom
from autoscaling_env.config import Config
from autoscaling_env.plugins import farm_kind
from autoscaling_env.rng import TRAINING_SALT, episode_seeds
from autoscaling_env.workload import Workload, levels_of
from experiments.environments import EnvironmentFactory
from experiments.side_by_side import Submit, processes, told_if_killed


def classrooms(farm: str, jobs: int = 1, known: dict[Config, Workload] | None = None) -> MakeClassroom:
    """Return what makes the classroom of a training.

    Args:
        farm: name of the farm that lessons are played on; one that cannot play many at once plays one lesson at a time.
        jobs: processes that lessons are played in; 1: this one.
        known: workloads that are not to be made of their configuration.
    """

    def make(config: Config, seed: int) -> Classroom:
        workload = EnvironmentFactory(farm, known=known).workload(config)
        at_once = min(jobs, config.agents.distilled.round_episodes)
        if at_once == 1 or farm_kind(farm).make_many is None:
            return _alone(farm, config, workload, seed)
        return SideBySide(at_once, farm, config, workload, seed)

    return make


class SideBySide:
    """Lessons in processes of their own, which are started at the first and stay.

    Args:
        at_once: how many.
        farm, config, workload, seed: of the training.
    """

    def __init__(self, at_once: int, farm: str, config: Config, workload: Workload, seed: int) -> None:
        self.at_once = at_once
        self._arguments = farm, config, workload, seed
        self._processes = ExitStack()
        self._submit: Submit | None = None

    def play(self, lessons: Sequence[Lesson]) -> list[Labelled]:
        """Play lessons, so many at the same time.

        Raises:
            BackendError: a process was killed.
        """
        if self._submit is None:
            self._submit = self._processes.enter_context(processes(self.at_once, _sit_down, *self._arguments))
        submit = self._submit
        with told_if_killed():
            return [job.result() for job in [submit(_play, lesson) for lesson in lessons]]

    def close(self) -> None:
        """End the processes, at once."""
        self._processes.close()


def _alone(farm: str, config: Config, workload: Workload, seed: int) -> Alone:
    planners = import_module("experiments.planners")  # it brings in the compiler
    seeds = levels_of(config.environment, episode_seeds(seed + TRAINING_SALT, planners.HISTORY))
    env = EnvironmentFactory(farm, known={config: workload}).one(config)
    return Alone(env, planners.trained_planner(config, workload, seeds))


#: In a process that plays lessons: its classroom.
_HERE: list[Alone] = []


def _sit_down(farm: str, config: Config, workload: Workload, seed: int) -> None:
    _HERE.append(_alone(farm, config, workload, seed))


def _play(lesson: Lesson) -> Labelled:
    return _HERE[0].play([lesson])[0]
