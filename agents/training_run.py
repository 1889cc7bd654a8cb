"""One training in progress: episodes, evaluations, checkpoints."""

from __future__ import annotations

from pathlib import Path

from agents.checkpoint import SUFFIX, Checkpoint, Header, write_checkpoint
from agents.learner import Learner, NotFinite
from agents.training_evaluation import evaluate, evaluation_seeds, training_seed
from agents.training_events import MISSING, Events
from agents.training_interrupt import stop_on_interrupt
from agents.training_records import TrainingRecords
from agents.training_resume import MODELS
from agents.training_types import EnvFactory, EpisodeLine, TrainingError, TrainingListener, TrainingResult
from autoscaling_env.config import Config
from autoscaling_env.config.digest import config_digest
from autoscaling_env.run_folder import RunFolder


class TrainingRun:
    """Plays training episodes into a run folder; a checkpoint is always between two episodes.

    Args:
        learner: what learns; ``agent`` is its name.
        env_factory: called twice, so that an evaluation cannot disturb the training.
    """

    def __init__(
        self,
        agent: str,
        learner: Learner,
        config: Config,
        env_factory: EnvFactory,
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
        self._env, self._eval_env = env_factory(config), env_factory(config)
        self._done = 0
        self._newest = Path()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to where ``checkpoint`` was written."""
        self._done = checkpoint.header.episode
        self._learner.restore(checkpoint.tensors, checkpoint.header.state)
        if self._done:
            self._records.read(self._folder, self._done)

    def play(self) -> TrainingResult:
        """Play all episodes that are left, or until Ctrl-C.

        Raises:
            TrainingError: a reward or loss is not finite.
        """
        events = Events(self._folder.path / "logs")
        if not events.available:
            self._listener.note(MISSING)
        try:
            return self._play(events)
        finally:
            events.close()
            self._env.close()
            self._eval_env.close()

    def save(self, name: str) -> Path:
        """Write the learner's state as ``models/<name>.safetensors``."""
        tensors, state = self._learner.saved()
        header = Header(
            agent=self._agent,
            episode=self._done,
            planned_episodes=self._planned,
            seed=self._seed,
            config_sha256=config_digest(self._config),
            action_deltas=list(self._config.environment.action_deltas),
            state=state,
        )
        self._newest = self._folder.path / MODELS / f"{name}{SUFFIX}"
        write_checkpoint(self._newest, Checkpoint(header, tensors))
        self._listener.saved(self._newest)
        return self._newest

    def _play(self, events: Events) -> TrainingResult:
        self._listener.started(self._agent, self._done, self._planned)
        self._evaluate(events)
        with stop_on_interrupt() as stop:
            while self._done < self._planned and not stop.asked:
                self._episode(self._done + 1, events)
                if self._at_checkpoint():
                    self._evaluate(events)
                    self._keep(f"{self._agent}_ep{self._done:04d}", events)
            finished = self._done == self._planned
            self._keep(f"{self._agent}_{'final' if finished else 'interrupt'}", events)
        evaluations = self._records.evaluations
        last = evaluations[-1] if evaluations else None
        return TrainingResult(
            self._agent, self._folder.path, self._newest, self._done, self._planned, not finished, last
        )

    def _episode(self, number: int, events: Events) -> None:
        try:
            line = self._played(number)
        except NotFinite as error:
            raise self._stopped(number, error) from None
        self._done = number
        self._records.lines.append(line)
        events.episode(line)
        self._listener.episode(line)

    def _played(self, number: int) -> EpisodeLine:
        seed = training_seed(self._seed, number, frozenset(self._eval_seeds))
        epsilon = self._learner.epsilon
        observation, info = self._env.reset(options={"episode_seed": seed})
        action = self._learner.begin(observation)
        rewards: list[float] = []
        workers = changed = 0
        ended = False
        while not ended:
            observation, given, terminated, truncated, info = self._env.step(action)
            rewards.append(float(given))
            action = self._learner.step(rewards[-1], observation, terminated, truncated)
            self._records.steps.append(self._agent, number, observation, rewards[-1], terminated, truncated, info)
            workers += info["requested_workers"]
            changed += info["applied_delta"] != 0
            ended = terminated or truncated
        loss, steps = self._learner.end(), len(rewards)
        qos = info["episode_final_qos"]
        return EpisodeLine(number, seed, sum(rewards), steps, qos, workers / steps, changed, epsilon, loss)

    def _at_checkpoint(self) -> bool:
        return self._done % self._settings.checkpoint_every == 0 or self._done == self._planned

    def _evaluate(self, events: Events) -> None:
        """Evaluate the learner where it stands, unless that was done before."""
        due = self._at_checkpoint() and self._records.evaluation_at(self._done) is None
        if not due or not self._eval_seeds:
            return
        evaluation = evaluate(
            self._eval_env,
            self._learner.policy(),
            checkpoint=f"{self._agent}_ep{self._done:04d}",
            episode=self._done,
            seeds=self._eval_seeds,
            listener=self._listener,
        )
        self._records.evaluations.append(evaluation)
        events.evaluation(evaluation)
        self._listener.evaluated(evaluation)

    def _keep(self, name: str, events: Events) -> None:
        self._records.write(self._folder)
        events.flush()
        self.save(name)

    def _stopped(self, number: int, error: NotFinite) -> TrainingError:
        """Keep what was good: the last checkpoint is on disk, the batch is dumped beside it."""
        path = self._folder.path / "diagnostics" / f"not_finite_ep{number:04d}{SUFFIX}"
        header = Header(
            agent=self._agent,
            episode=number,
            planned_episodes=self._planned,
            seed=self._seed,
            config_sha256=config_digest(self._config),
            action_deltas=list(self._config.environment.action_deltas),
            state={"diagnostics": error.what},
        )
        write_checkpoint(path, Checkpoint(header, error.tensors))
        return TrainingError(
            f"the {error.what} of episode {number} is not finite; the last good checkpoint is {self._newest}, "
            f"the batch is in {path}; check the reward's weights or lower the learning rate"
        )
