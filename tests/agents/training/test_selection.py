"""The model of a run is the checkpoint that earned most on the evaluation episodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.training import train
from agents.training.selection import best_model, ranked
from agents.training.types import Evaluation, SilentTraining, TrainingResult
from autoscaling_env.errors import RunError
from autoscaling_env.run_folder import RunFolder
from tests.agents.farms import make_env, small_config


class Notes(SilentTraining):
    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)


def evaluation(episode: int, *rewards: float) -> Evaluation:
    same = (0.0,) * len(rewards)
    return Evaluation(f"sarsa_ep{episode:04d}", episode, rewards, same, same, (0,) * len(rewards))


def trained(folder: Path) -> TrainingResult:
    config = small_config("agents.sarsa.episodes=12", "agents.training.checkpoint_every=4")
    return train("sarsa", config, env_factory=make_env, seed=0, folder=RunFolder(folder))


def pretend(folder: Path, *means: float) -> None:
    """Write other rewards into the evaluations after 0, 4, 8 and 12 episodes."""
    path = folder / "evaluation_metrics.json"
    data = json.loads(path.read_text())
    for row, mean in zip(data["checkpoints"], means, strict=True):
        row["total_reward"] = [mean - 1, mean + 1]
    path.write_text(json.dumps(data))


def test_ranked_by_the_mean_and_of_equals_the_latest() -> None:
    given = [evaluation(4, 1, 3), evaluation(8, 2, 2), evaluation(12, 0, 3), evaluation(16, 9, -6)]
    assert [each.episode for each in ranked(given)] == [8, 4, 16, 12]


def test_what_was_never_trained_is_no_model() -> None:
    assert [each.episode for each in ranked([evaluation(0, 9), evaluation(4, 1)])] == [4]


@pytest.mark.parametrize(("means", "expected"), [((9, 1, 3, 2), 8), ((0, 5, 3, 2), 4), ((0, 1, 1, 1), 12)])
def test_the_model_of_a_folder_is_its_best(tmp_path: Path, means: tuple[float, ...], expected: int) -> None:
    trained(tmp_path)
    pretend(tmp_path, *means)
    assert best_model(tmp_path, SilentTraining()).name == f"sarsa_ep{expected:04d}.safetensors"


def test_a_damaged_best_is_named_and_the_next_best_taken(tmp_path: Path) -> None:
    trained(tmp_path)
    pretend(tmp_path, 0, 5, 9, 7)
    (tmp_path / "models" / "sarsa_ep0008.safetensors").write_bytes(b"damaged")
    notes = Notes()
    assert best_model(tmp_path, notes).name == "sarsa_ep0012.safetensors"
    assert [line.partition(":")[0] for line in notes.told] == ["passed over"]


@pytest.mark.parametrize("records", ["", "[]", "{}", '{"checkpoints": [{"checkpoint": 3}]}', '{"checkpoints": [7]}'])
def test_without_evaluations_it_is_the_newest(tmp_path: Path, records: str) -> None:
    trained(tmp_path)
    (tmp_path / "evaluation_metrics.json").write_text(records)
    assert best_model(tmp_path, SilentTraining()).name == "sarsa_final.safetensors"


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no whole checkpoint"):
        best_model(tmp_path, SilentTraining())


def test_a_training_returns_its_best_and_what_that_earned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import agents.training.run

    earned = {0: 9.0, 4: 1.0, 8: 5.0, 12: 3.0}

    def evaluate(*_: Any, episode: int, **__: Any) -> Evaluation:
        return evaluation(episode, earned[episode])

    monkeypatch.setattr(agents.training.run, "evaluate", evaluate)
    result = trained(tmp_path)
    assert result.evaluation is not None
    assert (result.model.name, result.evaluation.episode, result.evaluated) == ("sarsa_ep0008.safetensors", 8, 3)
    earned[12] = 6.0
    assert trained(tmp_path / "again").model.name == "sarsa_final.safetensors"
