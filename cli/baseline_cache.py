"""Step records of baselines kept between comparisons: same rule, same configuration, same episodes, same code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from autoscaling_env import __version__
from autoscaling_env.config.digest import config_digest
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from cli.console import note
from cli.policies import is_baseline

if TYPE_CHECKING:
    from cli.comparison import Comparison


class BaselineCache:
    """A folder with one parquet file per baseline and setting. Trained agents are never cached."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--baseline-cache {folder}: cannot be made: {error.strerror}") from None

    def load(self, comparison: Comparison, seeds: Sequence[int]) -> dict[str, pd.DataFrame]:
        """Return the step records that are there."""
        found = {}
        for name in filter(is_baseline, comparison.policies):
            path = self._path(comparison, seeds, name)
            if path.is_file():
                note(f"{name}: from {path}")
                found[name] = pd.read_parquet(path)
        return found

    def store(self, comparison: Comparison, seeds: Sequence[int], frames: Mapping[str, pd.DataFrame]) -> None:
        """Keep the step records of baselines."""
        for name, frame in frames.items():
            if is_baseline(name):
                with atomic_write(self._path(comparison, seeds, name), "wb") as file:
                    frame.to_parquet(file, index=False)

    def _path(self, comparison: Comparison, seeds: Sequence[int], name: str) -> Path:
        key = json.dumps(
            [__version__, name, config_digest(comparison.config), _source(comparison), comparison.backend, list(seeds)]
        )
        return self._folder / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.parquet"


def _source(comparison: Comparison) -> str:
    """What the tasks are made from besides the configuration: a trace file's content."""
    workload = comparison.config.workload
    if workload.kind != "trace":
        return ""
    files = [workload.file, *([workload.durations] if workload.durations else [])]
    return "".join(hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files)
