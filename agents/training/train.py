"""Trains an agent that learns, in any environment, into a run folder that another process can go on from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec

from agents.distilled.learner import DistilledLearner
from agents.learner import Learner
from agents.sarsa import SarsaLearner
from agents.training.resume import newest_checkpoint, resumed_config
from agents.training.run import TrainingRun
from agents.training.types import (
    AnyLearner,
    EnvFactory,
    MakeClassroom,
    SilentTraining,
    TrainingListener,
    TrainingResult,
    VectorEnvFactory,
)
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.run_folder import RunFolder


def _dqn(config: Config, seed: int) -> Learner:
    _check_torch("dqn")
    from agents.dqn.agent import DqnLearner

    return DqnLearner(config, seed)


def _ppo(config: Config, seed: int) -> Learner:
    _check_torch("ppo")
    from agents.ppo.agent import PpoLearner

    return PpoLearner(config, seed)


def _check_torch(agent: str) -> None:
    if find_spec("torch") is None:
        raise InputError(
            f"training the {agent} needs torch, which is not installed; in a checkout `make torch` adds it, elsewhere "
            "pip install 'openfaas-autoscaling[torch]'"
        )


#: Agent that explores -> what makes its learner; torch is imported when one that needs it is made, not before.
EXPLORERS: dict[str, Callable[[Config, int], Learner]] = {"sarsa": SarsaLearner, "dqn": _dqn, "ppo": _ppo}

#: Those and the one that learns from a teacher.
LEARNERS: dict[str, Callable[[Config, int], AnyLearner]] = {**EXPLORERS, "distilled": DistilledLearner}


def train(
    agent: str,
    config: Config,
    *,
    env_factory: EnvFactory,
    vector_env_factory: VectorEnvFactory | None = None,
    classroom: MakeClassroom | None = None,
    seed: int,
    folder: RunFolder,
    listener: TrainingListener | None = None,
    stop: threading.Event | None = None,
    command: list[str] | None = None,
    started: datetime | None = None,
) -> TrainingResult:
    """Train ``agent`` (one of ``LEARNERS``) from nothing in the empty run ``folder``.

    A first checkpoint is written before the manifest, so a run that has a manifest can always be resumed.
    When ``stop`` is set, training ends after the current episode, with a checkpoint ``*_interrupt``.

    Args:
        env_factory: makes an environment for ``config``.
        vector_env_factory: makes many of the same that are played at once. With it checkpoints are evaluated many
            episodes at a time, to the same numbers, and ``agents.training.envs`` may be above 1.
        classroom: makes where the planner labels, for those that imitate it.
        seed: of the training episodes, exploration and first weights.
        folder: an empty run folder.
        listener: is told of every episode, evaluation and checkpoint.
        stop: the stop signal; see ``agents.training.interrupt`` for Ctrl-C.
        command, started: for the manifest.

    Raises:
        InputError: there is no such agent, ``agents.training.envs`` is above 1 where episodes cannot be played so, or
            one that imitates has no ``classroom``.
        TrainingError: a reward or loss is not finite.
    """
    run = TrainingRun(
        agent,
        _learner(agent, config, seed),
        config,
        env_factory,
        vector_env_factory,
        classroom,
        seed=seed,
        folder=folder,
        listener=listener or SilentTraining(),
    )
    run.save(f"{agent}_ep0000")
    folder.write_start(config, command=command or [], seed=seed, started=started or datetime.now(UTC))
    return run.play(stop)


def resume(
    folder: RunFolder,
    *,
    env_factory: EnvFactory,
    vector_env_factory: VectorEnvFactory | None = None,
    classroom: MakeClassroom | None = None,
    agent: str | None = None,
    episodes: int | None = None,
    listener: TrainingListener | None = None,
    stop: threading.Event | None = None,
) -> TrainingResult:
    """Go on from the newest whole checkpoint of ``folder``, to the bit as if training had never stopped.

    Args:
        folder: the run.
        env_factory, vector_env_factory, classroom, listener, stop: as for ``train``.
        agent: which agent's run it is thought to be.
        episodes: train until so many lie behind instead of the planned number.

    Raises:
        InputError: nothing in the folder can be resumed (``RunError``), it is another agent's run, or ``episodes``
            lie behind already.
        TrainingError: a reward or loss is not finite.
    """
    listener = listener or SilentTraining()
    path, checkpoint = newest_checkpoint(folder.path, listener)
    header = checkpoint.header
    if agent not in {None, header.agent}:
        raise InputError(f"{folder.path}: a run of {header.agent}, not of {agent}; resume it as {header.agent}")
    config = resumed_config(folder, header, episodes)
    learner = _learner(header.agent, config, header.seed)
    run = TrainingRun(
        header.agent,
        learner,
        config,
        env_factory,
        vector_env_factory,
        classroom,
        seed=header.seed,
        folder=folder,
        listener=listener,
    )
    run.resume_from(path, checkpoint)
    return run.play(stop)


def _learner(agent: str, config: Config, seed: int) -> AnyLearner:
    if agent not in LEARNERS:
        raise InputError(unknown_name("agent", agent, LEARNERS))
    return LEARNERS[agent](config, seed)
