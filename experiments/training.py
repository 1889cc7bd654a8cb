"""Trains agents that learn, on the training episodes of a setup, into a run folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.training import LEARNERS
from agents.training import resume as resume_run
from agents.training import train as train_run
from agents.training.types import TrainingListener, TrainingResult
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.run_folder import RunFolder
from experiments.classrooms import classrooms
from experiments.environments import SIMULATED, EnvironmentFactory, farm_name
from experiments.listening import Listener, Silent
from experiments.pictures import draw_training
from experiments.setup import DEFAULT, Place, Setup, setups_of, training_place


@dataclass(frozen=True, slots=True)
class Training:
    """How a training ended, and its picture.

    Attributes:
        result: model, episodes, evaluation.
        picture: the learning curve; None before the first episode.
    """

    result: TrainingResult
    picture: Path | None

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        result = self.result
        return {
            "agent": result.agent,
            "episodes": result.episodes,
            "interrupted": result.interrupted,
            "model": str(result.model),
            "run": str(result.folder),
        } | self._evaluation()

    def in_short(self) -> str:
        """Return what the model is worth on unseen episodes, and which checkpoint it is; "" where nobody looked."""
        means = self._evaluation().get("evaluation")
        if means is None:
            return ""
        return (
            f"{self.result.agent}: {means['mean_total_reward']:.1f} episode return, "
            f"{100 * means['mean_final_qos']:.2f} % of deadlines met, on {means['episodes']} episodes "
            f"it was not trained on{self._chosen()}"
        )

    def _chosen(self) -> str:
        """Which checkpoint that was, where not the last one."""
        result, evaluation = self.result, self.result.evaluation
        if evaluation is None or result.interrupted or evaluation.episode == result.episodes:
            return ""
        return f", after episode {evaluation.episode}: the best of {result.evaluated} checkpoints evaluated"

    def _evaluation(self) -> dict[str, Any]:
        evaluation = self.result.evaluation
        if evaluation is None or not evaluation.total_reward:
            return {}
        count = len(evaluation.total_reward)
        means = {
            "episodes": count,
            "mean_total_reward": sum(evaluation.total_reward) / count,
            "mean_final_qos": sum(evaluation.final_qos) / count,
        }
        return {"evaluation": means}


def list_learners() -> tuple[str, ...]:
    """Return the names of the agents that learn."""
    return tuple(LEARNERS)


def train(
    agent: str,
    where: Setup | str = DEFAULT,
    *,
    backend: str = SIMULATED,
    engine: str | None = None,
    jobs: int = 1,
    output_dir: Path = Path("runs"),
    listener: Listener | None = None,
    stop: threading.Event | None = None,
    command: Sequence[str] = (),
) -> Training:
    """Train ``agent`` from nothing on the training episodes of a setup; ``Setup.seed`` names others.

    When ``stop`` is set, training ends after the current episode, with a checkpoint that ``resume`` goes on from.

    Args:
        agent: one of ``list_learners()``.
        where: a setup, or the name of a scenario.
        backend: name of the farm.
        engine: simulation engine of a farm that has several.
        jobs: processes in which the planner labels what ``distilled`` does; what comes of it does not depend on them.
        output_dir: where the run folder is made.
        listener: is told of every episode and evaluation.
        stop: the stop signal; ``experiments.stop_on_interrupt`` makes one of Ctrl-C.
        command: for the manifest.

    Raises:
        InputError: something in the setup is wrong; nothing was written then.
        TrainingError: a reward or loss is not finite.
    """
    if agent not in LEARNERS:
        raise InputError(unknown_name("agent to train", agent, LEARNERS))
    farm = farm_name(backend, engine)
    (setup,) = setups_of(where)
    place = training_place(setup)
    factory = _factory_for(place, farm, listener)
    started = datetime.now(UTC)
    folder = RunFolder.create(output_dir, agent, started)
    with folder.kept_if_begun():
        result = _trained(agent, place, farm, factory, folder, started, jobs, listener, stop, command)
    return _finished(result)


def train_into(
    folder: RunFolder,
    agent: str,
    place: Place,
    *,
    backend: str = SIMULATED,
    listener: TrainingListener | None = None,
    stop: threading.Event | None = None,
) -> TrainingResult:
    """Train ``agent`` from nothing where it was made out before, into an empty run folder; nothing is drawn.

    Args:
        folder: an empty run folder.
        agent: one of ``list_learners()``.
        place: what ``experiments.setup.training_place`` returns.
        backend: name of the farm, engine included.
        listener, stop: as for ``train``.

    Raises:
        InputError, TrainingError: as ``train``.
    """
    factory = _factory_for(place, backend, None)
    return _trained(agent, place, backend, factory, folder, datetime.now(UTC), 1, listener, stop, ())


def _factory_for(place: Place, farm: str, listener: Listener | None) -> EnvironmentFactory:
    factory = EnvironmentFactory(farm, listener)
    factory.workload(place.config)  # a trace that cannot be read is told before anything is written
    if (many := place.config.agents.training.envs) > 1 and factory.many is None:
        raise InputError(f"--envs {many}: the farm {farm} plays one episode at a time")
    return factory


def _trained(
    agent: str,
    place: Place,
    farm: str,
    factory: EnvironmentFactory,
    folder: RunFolder,
    started: datetime,
    jobs: int,
    listener: TrainingListener | None,
    stop: threading.Event | None,
    command: Sequence[str],
) -> TrainingResult:
    return train_run(
        agent,
        place.config,
        env_factory=factory.one,
        vector_env_factory=factory.many,
        classroom=classrooms(farm, jobs),
        seed=place.train_seed,
        folder=folder,
        listener=listener,
        stop=stop,
        command=list(command),
        started=started,
    )


def resume(
    run: Path,
    *,
    agent: str | None = None,
    episodes: int | None = None,
    backend: str = SIMULATED,
    engine: str | None = None,
    jobs: int = 1,
    listener: TrainingListener | None = None,
    stop: threading.Event | None = None,
) -> Training:
    """Go on in a run folder from its newest checkpoint, to the bit as if it had never stopped.

    Args:
        run: the run folder.
        agent: whose run it is thought to be.
        episodes: train until so many lie behind instead of the planned number.
        backend: name of the farm.
        engine: simulation engine of a farm that has several.
        jobs: processes in which the planner labels what ``distilled`` does; what comes of it does not depend on them.
        listener: is told of every episode and evaluation.
        stop: the stop signal, as for ``train``.

    Raises:
        InputError: nothing in the folder can be resumed, or it is another agent's run.
        TrainingError: a reward or loss is not finite.
    """
    farm = farm_name(backend, engine)
    return _finished(
        resume_in(
            RunFolder.open(run), agent=agent, episodes=episodes, backend=farm, jobs=jobs, listener=listener, stop=stop
        )
    )


def resume_in(
    folder: RunFolder,
    *,
    agent: str | None = None,
    episodes: int | None = None,
    backend: str = SIMULATED,
    jobs: int = 1,
    listener: TrainingListener | None = None,
    stop: threading.Event | None = None,
) -> TrainingResult:
    """Go on in a run folder as ``resume`` does; nothing is drawn.

    Args:
        folder: the run.
        backend: name of the farm, engine included.
        agent, episodes, jobs, listener, stop: as for ``resume``.

    Raises:
        InputError, TrainingError: as ``resume``.
    """
    factory = EnvironmentFactory(backend, Silent())
    return resume_run(
        folder,
        env_factory=factory.one,
        vector_env_factory=factory.many,
        classroom=classrooms(backend, jobs),
        agent=agent,
        episodes=episodes,
        listener=listener,
        stop=stop,
    )


def _finished(result: TrainingResult) -> Training:
    return Training(result, draw_training(RunFolder.open(result.folder)) if result.episodes else None)
