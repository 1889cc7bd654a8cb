"""Step records of rules kept between comparisons: same rule, same configuration, same episodes, same code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from autoscaling_env import __version__
from autoscaling_env.config import Config
from autoscaling_env.config.digest import config_digest
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from experiments.listening import Listener
from experiments.match import Match


class BaselineCache:
    """A folder with one parquet file per rule and setting. Trained policies are never cached."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--baseline-cache {folder}: cannot be made: {error.strerror}") from None

    def load(self, match: Match, listener: Listener) -> dict[str, pd.DataFrame]:
        """Return the step records that are there."""
        found = {}
        for name in match.policies:
            path = self._path(match, name)
            if name in match.repeatable and path.is_file():
                listener.note(f"{name}: from {path}")
                found[name] = pd.read_parquet(path)
        return found

    def store(self, match: Match, frames: Mapping[str, pd.DataFrame]) -> None:
        """Keep the step records of rules."""
        for name, frame in frames.items():
            if name in match.repeatable:
                with atomic_write(self._path(match, name), "wb") as file:
                    frame.to_parquet(file, index=False)

    def _path(self, match: Match, name: str) -> Path:
        config = [config_digest(match.config), source_digest(match.config)]
        if match.history is not None:
            config += [config_digest(match.history), source_digest(match.history)]
        key = json.dumps([__version__, name, *config, match.backend, list(match.episodes)])
        return self._folder / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.parquet"


def source_digest(config: Config) -> str:
    """Return a hash of what the tasks are made from besides the configuration: a trace file's content; else ""."""
    workload = config.workload
    if workload.kind != "trace":
        return ""
    files = [workload.file, *([workload.durations] if workload.durations else [])]
    return "".join(hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files)
