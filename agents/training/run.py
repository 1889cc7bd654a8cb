"""One training in progress: episodes, evaluations, checkpoints."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from agents.checkpoint import SUFFIX, Checkpoint, Header, write_checkpoint
from agents.distilled.learner import DistilledLearner
from agents.learner import NotFinite, OnPolicy
from agents.simultaneous import Environments
from agents.training.episodes import ManyAtOnce, OneByOne, Player, Taught
from agents.training.evaluation import evaluate, evaluation_seeds, training_seed
from agents.training.records import TrainingRecords
from agents.training.resume import model_file
from agents.training.selection import ranked
from agents.training.tensorboard_log import MISSING, TensorBoardLog
from agents.training.types import (
    AnyLearner,
    EnvFactory,
    MakeClassroom,
    TrainingError,
    TrainingListener,
    TrainingResult,
    VectorEnvFactory,
)
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.config.digest import config_digest
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.workload import levels_of

#: Evaluation episodes played at once, where a farm can do that.
EVALUATED_AT_ONCE = 64


class TrainingRun:
    """Plays training episodes into a run folder; a checkpoint is always between two episodes.

    Args:
        learner: what learns; ``agent`` is its name.
        env_factory: makes an environment; training and evaluation have their own, so that neither disturbs the other.
        vector_env_factory: the same for many environments that are played at once; None: this farm cannot.
        classroom: makes where the planner labels; None: nobody imitates it.

    Raises:
        InputError: ``agents.training.envs`` asks for more than one where that cannot be.
    """

    def __init__(
        self,
        agent: str,
        learner: AnyLearner,
        config: Config,
        env_factory: EnvFactory,
        vector_env_factory: VectorEnvFactory | None = None,
        classroom: MakeClassroom | None = None,
        *,
        seed: int,
        folder: RunFolder,
        listener: TrainingListener,
    ) -> None:
        self._agent, self._learner, self._config, self._seed = agent, learner, config, seed
        self._folder, self._listener = folder, listener
        self._settings = config.agents.training
        self._planned: int = getattr(config.agents, agent).episodes
        self._eval_seeds = evaluation_seeds(self._settings.eval_seed, self._settings.eval_episodes)
        self._records = TrainingRecords(agent, config, seed, self._eval_seeds)
        self._player = self._made_player(env_factory, vector_env_factory, classroom)
        self._every = self._settings.checkpoint_every
        if isinstance(learner, DistilledLearner):  # a round at most, or there would be little to choose from
            self._every = min(self._every, config.agents.distilled.round_episodes)
        self._eval_env = self._made_eval_env(env_factory, vector_env_factory)
        self._done = 0
        self._newest = Path()

    def resume_from(self, path: Path, checkpoint: Checkpoint) -> None:
        """Go back to where ``checkpoint``, the file ``path``, was written."""
        self._newest = path
        self._done = checkpoint.header.episode
        self._learner.load_state_dict(checkpoint.tensors, checkpoint.header.state)
        if self._done:
            self._records.read(self._folder, self._done)

    def play(self, stop: threading.Event | None = None) -> TrainingResult:
        """Play all episodes that are left, or until ``stop`` is set.

        Raises:
            TrainingError: a reward or loss is not finite.
        """
        log = TensorBoardLog(self._folder.path / "logs")
        if not log.available:
            self._listener.note(MISSING)
        try:
            return self._play(log, stop or threading.Event())
        finally:
            log.close()
            self._player.close()
            if self._eval_env is not None:
                self._eval_env.close()

    def save(self, name: str) -> Path:
        """Write the learner's state as ``models/<name>.safetensors``."""
        tensors, state = self._learner.state_dict()
        header = self._header(self._done, state)
        self._newest = model_file(self._folder.path, name)
        write_checkpoint(self._newest, Checkpoint(header, tensors))
        self._listener.saved(self._newest)
        return self._newest

    def _header(self, episode: int, state: dict[str, Any]) -> Header:
        actions = Actions.of(self._config)
        return Header(
            agent=self._agent,
            episode=episode,
            planned_episodes=self._planned,
            seed=self._seed,
            config_sha256=config_digest(self._config),
            action_deltas=list(actions.deltas),
            state=state,
            min_workers=actions.min_workers,
            max_workers=actions.max_workers,
        )

    def _play(self, log: TensorBoardLog, stop: threading.Event) -> TrainingResult:
        self._listener.started(self._agent, self._done, self._planned)
        evaluated = self._evaluate(log, stop)  # where the run begins, or was stopped before it was evaluated
        while evaluated and self._done < self._planned and not stop.is_set():
            self._episodes(log)
            evaluated = self._evaluate(log, stop)
        finished = evaluated and self._done == self._planned
        self._keep(f"{self._agent}_{'final' if finished else 'interrupt'}", log)
        return self._result(finished)

    def _result(self, finished: bool) -> TrainingResult:
        evaluated = ranked(self._records.evaluations) if finished else self._records.evaluations[::-1]
        best, model = (evaluated[0] if evaluated else None), self._newest
        if finished and best is not None and best.episode != self._done:
            model = model_file(self._folder.path, best.checkpoint)
        return TrainingResult(
            self._agent, self._folder.path, model, self._done, self._planned, not finished, best, len(evaluated)
        )

    def _made_eval_env(
        self, env_factory: EnvFactory, vector_env_factory: VectorEnvFactory | None
    ) -> OpenFaaSAutoscalingEnv | Environments | None:
        if not self._eval_seeds:
            return None
        if vector_env_factory is None:
            return env_factory(self._config)
        return vector_env_factory(self._config, min(len(self._eval_seeds), EVALUATED_AT_ONCE))

    def _made_player(
        self,
        env_factory: EnvFactory,
        vector_env_factory: VectorEnvFactory | None,
        classroom: MakeClassroom | None,
    ) -> Player:
        envs, learner = self._settings.envs, self._learner
        if isinstance(learner, DistilledLearner):
            return self._made_taught(learner, classroom)
        if envs == 1 and vector_env_factory is not None and isinstance(learner, OnPolicy):
            envs = learner.left  # it comes to the same, only sooner
        if envs == 1:
            return OneByOne(self._agent, learner, env_factory(self._config), self._records)
        if vector_env_factory is None:
            raise InputError(f"agents.training.envs: {envs}: this farm plays one episode at a time; set it to 1")
        return ManyAtOnce(self._agent, learner, vector_env_factory(self._config, envs), self._records)

    def _made_taught(self, learner: DistilledLearner, classroom: MakeClassroom | None) -> Player:
        if self._settings.envs > 1:
            remedy = "the planner labels a round at once (agents.distilled.round_episodes); set it to 1"
            raise InputError(f"agents.training.envs: {self._settings.envs}: {remedy}")
        if classroom is None:
            raise InputError(f"{self._agent}: imitates a planner; none was given (classroom)")
        return Taught(self._agent, learner, classroom(self._config, self._seed), self._records)

    def _episodes(self, log: TensorBoardLog) -> None:
        """Play the next episodes, never past a checkpoint: so it does not matter where a run was stopped."""
        to_checkpoint = self._every - self._done % self._every
        count = min(self._player.at_once, to_checkpoint, self._planned - self._done)
        first, reserved = self._done + 1, frozenset(self._eval_seeds)
        drawn = [training_seed(self._seed, number, reserved) for number in range(first, first + count)]
        seeds = levels_of(self._config.environment, drawn)
        try:
            lines = self._player.play(first, seeds)
        except NotFinite as error:
            raise self._stopped(first + error.row, error) from None
        self._done += count
        for line in lines:
            self._records.lines.append(line)
            log.episode(line)
            self._listener.episode(line)

    def _evaluate(self, log: TensorBoardLog, stop: threading.Event) -> bool:
        """Evaluate and keep a checkpoint unless that was done before; False: it was stopped amid the evaluation."""
        if self._done % self._every and self._done != self._planned:
            return True
        name = f"{self._agent}_ep{self._done:04d}"
        known = self._newest.stem == name
        if self._eval_env is not None and self._records.evaluation_at(self._done) is None:
            evaluation = evaluate(
                self._eval_env,
                self._learner.policy(),
                checkpoint=name,
                episode=self._done,
                seeds=self._eval_seeds,
                listener=self._listener,
                stop=stop,
            )
            if evaluation is None:
                return False
            self._records.evaluations.append(evaluation)
            log.evaluation(evaluation)
            self._listener.evaluated(evaluation)
            known = False
        if not known:
            self._keep(name, log)
        return True

    def _keep(self, name: str, log: TensorBoardLog) -> None:
        self._records.write(self._folder)
        log.flush()
        self.save(name)

    def _stopped(self, number: int, error: NotFinite) -> TrainingError:
        """Keep what was good: the last checkpoint is on disk, the batch is dumped beside it."""
        path = self._folder.path / "diagnostics" / f"not_finite_ep{number:04d}{SUFFIX}"
        header = self._header(number, {"diagnostics": error.what})
        write_checkpoint(path, Checkpoint(header, error.tensors))
        return TrainingError(
            f"the {error.what} of episode {number} is not finite; the last good checkpoint is {self._newest}, "
            f"the batch is in {path}; check the reward's weights or lower the learning rate"
        )
