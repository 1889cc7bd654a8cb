"""Which checkpoint of a run is its model: the one with the highest return on the evaluation episodes.

Learning does not only go up: of five DQNs on ``flash_crowd`` one ended 65 below where it had been before.
The evaluation episodes are neither trained on nor those a comparison plays (``agents.training.eval_seed``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from agents.checkpoint import read_checkpoint
from agents.training.evaluation import evaluation_of
from agents.training.records import EVALUATION
from agents.training.resume import model_file, newest_checkpoint
from agents.training.types import Evaluation, TrainingListener
from autoscaling_env.errors import ModelError, RunError
from autoscaling_env.run_folder import RunFolder


def ranked(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Return the evaluations of trained checkpoints, the highest return first; of equals the latest."""
    trained = [each for each in evaluations if each.episode > 0]
    return sorted(trained, key=lambda each: (fmean(each.total_reward), each.episode), reverse=True)


def best_model(run: Path, listener: TrainingListener) -> Path:
    """Return the checkpoint of ``run`` with the highest return; the newest where none was evaluated.

    Damaged checkpoints are named and passed over.

    Raises:
        RunError: there is no whole checkpoint.
    """
    for checkpoint in _evaluated(run):
        path = model_file(run, checkpoint)
        try:
            read_checkpoint(path)
        except ModelError as error:
            listener.note(f"passed over: {error}")
        else:
            return path
    return newest_checkpoint(run, listener)[0]


def _evaluated(run: Path) -> list[str]:
    """Return the names of evaluated checkpoints, best first; none where the records are missing or make no sense."""
    try:
        rows = RunFolder(run).read_json(EVALUATION)["checkpoints"]
        return [each.checkpoint for each in ranked([evaluation_of(row) for row in rows])]
    except (RunError, KeyError, TypeError, ValueError):
        return []
