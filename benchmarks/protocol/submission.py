"""A result file: one policy, played by the protocol. What a leaderboard is made from, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from autoscaling_env.types import FloatArray
from benchmarks.protocol import v1


class Run(BaseModel):
    """The test episodes of one run: a value for each, in their order."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    episode_seeds: tuple[int, ...]
    total_reward: tuple[float, ...]
    qos_of_all_tasks: tuple[float, ...]
    worker_seconds: tuple[float, ...]


class Submission(BaseModel):
    """A policy's runs in every scenario.

    Attributes:
        protocol: its version.
        policy: what the leaderboard calls it.
        by: who played it.
        training_steps: steps of the environment that each run was trained on; 0: it does not learn.
        tuning: what was tried before, on what, in a sentence; "": nothing.
        code: where it can be had.
        version: of this project, that it was played with.
        scenarios: name -> runs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: str
    policy: str
    by: str
    training_steps: int
    tuning: str
    code: str
    version: str
    scenarios: Mapping[str, tuple[Run, ...]]

    def runs(self, scenario: str, figure: str) -> FloatArray:
        """Return the mean of a figure over each run's episodes, float64[runs]."""
        return np.array([np.mean(getattr(run, figure)) for run in self.scenarios[scenario]])

    def write(self, path: Path) -> None:
        """Write the file."""
        with atomic_write(path) as file:
            file.write(json.dumps(self.model_dump(), indent=1, allow_nan=False) + "\n")


def read(path: Path, episodes: Mapping[str, Sequence[Sequence[int]]]) -> Submission:
    """Return a result file that keeps to the protocol.

    Args:
        path: the file.
        episodes: the episode seeds of every run, by scenario.

    Raises:
        InputError: it does not; every problem, one line each.
    """
    try:
        found = Submission.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise InputError(f"{path}: not a result file: {str(error).splitlines()[0]}") from None
    problems = [
        *([] if found.protocol == v1.VERSION else [f"protocol {found.protocol}; must be {v1.VERSION}"]),
        *([] if found.training_steps <= v1.MOST_STEPS else [f"{found.training_steps} training steps: too many"]),
        *(f"{name}: not played" for name in episodes if name not in found.scenarios),
        *(f"{name}: no scenario of the protocol" for name in found.scenarios if name not in episodes),
    ]
    for name, seeds in episodes.items():
        played = [run.episode_seeds for run in found.scenarios.get(name, ())]
        if name in found.scenarios and played != [tuple(each) for each in seeds]:
            problems.append(f"{name}: other test episodes than the protocol's")
        problems += [
            f"{name}: a run has not one {figure} for each episode"
            for figure in ("total_reward", "qos_of_all_tasks", "worker_seconds")
            if any(len(getattr(run, figure)) != len(run.episode_seeds) for run in found.scenarios.get(name, ()))
        ]
    if problems:
        raise InputError(*(f"{path}: {problem}" for problem in problems))
    return found
