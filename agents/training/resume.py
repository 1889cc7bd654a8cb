"""Finds where a stopped run can go on, and makes sure that it is the same run."""

from __future__ import annotations

from pathlib import Path

from agents.checkpoint import SUFFIX, Checkpoint, Header, read_checkpoint
from agents.training.types import TrainingListener
from autoscaling_env.config import Config, load_config
from autoscaling_env.config.digest import config_digest, config_yaml
from autoscaling_env.errors import InputError, ModelError, RunError
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.settings import with_overrides

MODELS = "models"


def model_file(run: Path, checkpoint: str) -> Path:
    """Return where a run keeps the checkpoint of this name."""
    return run / MODELS / f"{checkpoint}{SUFFIX}"


def newest_checkpoint(folder: Path, listener: TrainingListener) -> tuple[Path, Checkpoint]:
    """Return the whole checkpoint with the most episodes behind it; damaged ones are named and passed over.

    Raises:
        RunError: there is none.
    """
    found: list[tuple[int, str, Path, Checkpoint]] = []
    for path in sorted((folder / MODELS).glob(f"*{SUFFIX}")):
        try:
            checkpoint = read_checkpoint(path)
        except ModelError as error:
            listener.note(f"passed over: {error}")
            continue
        found.append((checkpoint.header.episode, path.name, path, checkpoint))
    if not found:
        raise RunError(f"{folder / MODELS}: no whole checkpoint to resume from; train anew")
    return max(found, key=lambda each: each[:2])[2:]


def resumed_config(folder: RunFolder, header: Header, episodes: int | None) -> Config:
    """Return the configuration to go on with: the run's own, with another number of episodes if asked for.

    Raises:
        RunError: ``config.yml`` is not what the checkpoint was trained with.
        InputError: more episodes lie behind than are asked for.
    """
    key = f"agents.{header.agent}.episodes"
    config = load_config(folder.path / "config.yml")
    if config_digest(with_overrides(config, {key: header.planned_episodes})) != header.config_sha256:
        raise RunError(f"{folder.path / 'config.yml'}: changed since the checkpoint was written; train anew")
    if episodes is None:
        return config
    if episodes < header.episode:
        raise InputError(f"episodes {episodes}: {header.episode} lie behind already")
    config = with_overrides(config, {key: episodes})
    folder.write_text("config.yml", config_yaml(config))
    folder.write_json("manifest.json", folder.read_json("manifest.json") | {"config_sha256": config_digest(config)})
    return config
