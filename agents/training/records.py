"""What a training run leaves besides its models: metrics, evaluations, visited states, step records."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from agents.discretise import discretiser
from agents.training.evaluation import evaluation_of, evaluation_row
from agents.training.types import Evaluation, TrainingEpisode
from autoscaling_env.config import Config
from autoscaling_env.errors import RunError
from autoscaling_env.observation import FIELDS
from autoscaling_env.records import StepLog
from autoscaling_env.run_folder import RunFolder

SCHEMA = 1
TRAINING = "training_metrics.json"
EVALUATION = "evaluation_metrics.json"
VISITS = "training_state_visits.json"
STEPS = "steps.parquet"


class TrainingRecords:
    """Collects in memory; ``write`` brings everything so far to the run folder.

    Written before each checkpoint, so that on disk the records are never behind it: ``read`` drops what
    lies ahead.
    """

    def __init__(self, agent: str, config: Config, seed: int, eval_seeds: tuple[int, ...]) -> None:
        self._agent = agent
        self._config = config
        self._seed = seed
        self._eval_seeds = eval_seeds
        self._frames: list[pd.DataFrame] = []
        self.lines: list[TrainingEpisode] = []
        self.evaluations: list[Evaluation] = []
        self.steps = self._empty_log()
        self._written = (-1, -1)

    def _empty_log(self) -> StepLog:
        return StepLog(self._config.reward.objective, randomized=bool(self._config.randomize.draws))

    def evaluation_at(self, episode: int) -> Evaluation | None:
        """Return the evaluation of the checkpoint after ``episode`` episodes, if there was one."""
        return next((each for each in self.evaluations if each.episode == episode), None)

    def write(self, folder: RunFolder) -> None:
        """Write all four files, each whole or not at all, unless they say all this already."""
        state = (len(self.lines), len(self.evaluations))
        if state == self._written:
            return
        frame = self._all_steps()
        folder.write_frame(STEPS, frame)
        folder.write_json(VISITS, self._visits(frame))
        folder.write_json(TRAINING, self._training())
        folder.write_json(EVALUATION, self._evaluation())
        self._written = state

    def read(self, folder: RunFolder, episode: int) -> None:
        """Take over what an earlier part of the run wrote about its first ``episode`` episodes.

        Raises:
            RunError: it wrote about fewer.
        """
        columns = folder.read_json(TRAINING)["episodes"]
        names = [each.name for each in fields(TrainingEpisode)]
        rows = zip(*[columns[name] for name in names], strict=True)
        self.lines = [line for line in (TrainingEpisode(*row) for row in rows) if line.episode <= episode]
        saved = [evaluation_of(row) for row in folder.read_json(EVALUATION)["checkpoints"]]
        self.evaluations = [each for each in saved if each.episode <= episode]
        self._frames = [_steps_until(folder, episode)]
        if len(self.lines) != episode:
            raise RunError(f"{folder.path / TRAINING}: {len(self.lines)} episodes; the checkpoint is after {episode}")

    def _all_steps(self) -> pd.DataFrame:
        self._frames.append(self.steps.frame())
        self.steps = self._empty_log()
        filled = [frame for frame in self._frames if len(frame)]
        self._frames = [pd.concat(filled, ignore_index=True) if filled else self._frames[0]]
        return self._frames[0]

    def _head(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "agent": self._agent, "seed": self._seed}

    def _training(self) -> dict[str, Any]:
        names = [each.name for each in fields(TrainingEpisode)]
        rows = [asdict(line) for line in self.lines]
        columns = {name: [row[name] for row in rows] for name in names}
        planned = getattr(self._config.agents, self._agent).episodes
        return self._head() | {"planned_episodes": planned, "episodes": columns}

    def _evaluation(self) -> dict[str, Any]:
        return self._head() | {
            "eval_seed": self._config.agents.training.eval_seed,
            "episode_seeds": list(self._eval_seeds),
            "checkpoints": [evaluation_row(each) for each in self.evaluations],
        }

    def _visits(self, frame: pd.DataFrame) -> dict[str, Any]:
        bins = discretiser(self._config)
        observed = frame[[f"observed_{field}" for field in FIELDS]].to_numpy(np.float32)
        states, visits = np.unique(bins.states(observed), axis=0, return_counts=True)
        order = np.lexsort((*states.T[::-1], -visits))
        return self._head() | {
            "fields": list(FIELDS),
            "edges": {field: edges.tolist() for field, edges in bins.edges.items()},
            "states": len(states),
            "visits": [{"state": states[i].tolist(), "visits": int(visits[i])} for i in order],
        }


def _steps_until(folder: RunFolder, episode: int) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(folder.path / STEPS)
    except (OSError, ValueError) as error:
        raise RunError(f"{folder.path / STEPS}: cannot be read: {error}") from None
    return frame[frame["episode"] <= episode].reset_index(drop=True)
