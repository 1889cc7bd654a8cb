"""Small studies, and schedulers that do as they are told."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from autoscaling_env.config.yaml import dumped
from experiments.schedulers import Ended
from experiments.studies.carrying import Job, Outcome, carry_out
from experiments.studies.cells import Cell
from experiments.studies.planning import Opened, open_study
from experiments.studies.progress import Progress, SilentStudy
from experiments.studies.running import StudyRun, run_cells

#: Two trainings and what is played, in seconds.
TINY: dict[str, Any] = {
    "name": "tiny",
    "scenarios": ["flash_crowd"],
    "settings": {"environment.max_steps": 3},
    "train": [
        {
            "agents": ["sarsa"],
            "seeds": 2,
            "episodes": 3,
            "settings": {"agents.training": {"eval_episodes": 2, "checkpoint_every": 1}},
        }
    ],
    "evaluate": {"policies": ["static-9"], "episodes": 2},
    "report": {"against": "static-9"},
}
#: Rules alone.
RULES: dict[str, Any] = {key: value for key, value in TINY.items() if key != "train"}


def study_file(folder: Path, said: Mapping[str, Any] = TINY, **more: Any) -> Path:
    """Write a study whose results lie beside its file."""
    file = folder / "study.yml"
    whole = {"store": str(folder / "store"), **said, **more}
    file.write_text(dumped(json.loads(json.dumps(whole))))  # what is there twice would be an alias
    return file


def made(folder: Path) -> Path:
    """Make a folder."""
    folder.mkdir()
    return folder


def opened(folder: Path, said: Mapping[str, Any] = TINY, **more: Any) -> Opened:
    return open_study(study_file(folder, said, **more))


class Told(SilentStudy):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.progress: list[Progress] = []
        self.figures: dict[tuple[str, str], list[float]] = {}

    def study(self, progress: Progress, figures: Mapping[tuple[str, str], list[float]], metric: str) -> None:
        self.progress.append(progress)
        self.figures = {key: list(values) for key, values in figures.items()}

    def note(self, text: str) -> None:
        self.notes.append(text)


class Here:
    """Carries out jobs in this process; ``instead`` may do something else with some of them."""

    depth = 1

    def __init__(self, instead: Callable[[Cell, Job], Outcome | None] | None = None, slots: int = 2) -> None:
        self.slots = slots
        self.ran: list[Cell] = []
        self.most_at_once = 0
        self._instead = instead or (lambda cell, job: None)
        self._jobs: deque[Job] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._jobs.clear()

    def submit(self, function: Callable[..., Any], arguments: Sequence[Any], name: str) -> None:
        assert function is carry_out
        self._jobs.append(arguments[0])
        self.most_at_once = max(self.most_at_once, len(self._jobs))

    def wait(self, timeout_s: float) -> Sequence[Ended]:
        if not self._jobs:
            return []
        job = self._jobs.popleft()
        cell = Cell.from_json(job.cell)
        self.ran.append(cell)
        return [Ended(cell.address, value=self._instead(cell, job) or carry_out(job))]

    def describe(self) -> str:
        return "this process"


def run(
    study: Opened, scheduler: Any = None, *, listener: Any = None, stop: threading.Event | None = None, **more: Any
) -> StudyRun:
    here = scheduler or Here()
    return run_cells(study.study, study.cells, study.store, lambda: here, listener=listener, stop=stop, **more)


def record_hashes(study: Opened) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of every record of every cell, by address."""
    from experiments.studies.store import manifests

    return {address: each["files"] for address, each in manifests(study.store, list(study.once)).items()}
