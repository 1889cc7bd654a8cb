"""An evaluation as a cell: a policy on the test episodes of a place, as parquet."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.results import as_results
from autoscaling_env.errors import RunError
from autoscaling_env.run_folder import RunFolder
from experiments.comparing import Settings, play_place
from experiments.studies.cells import Cell, place_of_cell
from experiments.studies.store import CELLS, DONE, Store, read_json

#: The files of an evaluation: a row for each episode, step, task.
EPISODES, STEPS, TASKS = "episodes.parquet", "steps.parquet", "tasks.parquet"


def evaluate_cell(cell: Cell, store: Store, place: Path) -> pd.DataFrame:
    """Play as a cell says, and leave its parquet files in the workplace ``place``.

    Returns:
        A row for each episode: what it was and its figures (docs/metrics.md).

    Raises:
        InputError: something in the setup is wrong, or the model that is needed is not there.
        KeyboardInterrupt: it was stopped; nothing of it counts.
    """
    settings = Settings(episodes=cell.episodes, engine=cell.engine, record_tasks=cell.record == "tasks")
    with tempfile.TemporaryDirectory(prefix="study-") as scratch:
        policies: Any = [cell.policy] if not cell.needs else {cell.policy: _model(cell, store, Path(scratch))}
        records = play_place(policies, place_of_cell(cell), settings, RunFolder(Path(scratch)))
    if records.interrupted:
        raise KeyboardInterrupt
    folder = RunFolder(place)
    episodes = as_results(records.results).episodes()
    folder.write_frame(EPISODES, episodes)
    if cell.record != "episodes":
        folder.write_frame(STEPS, records.steps)
    if records.tasks is not None:
        folder.write_frame(TASKS, records.tasks)
    return episodes


def _model(cell: Cell, store: Store, scratch: Path) -> str:
    """Return the model of the training that a cell needs, as a file of this machine."""
    manifest = read_json(store, f"{DONE}/{cell.needs}.json")
    if manifest is None:
        raise RunError(f"{cell.title()}: the training {cell.needs} is not finished")
    name = manifest["model"]
    file = scratch / Path(name).name
    file.write_bytes(store.read(f"{CELLS}/{cell.needs}/{manifest['attempt']}/{name}"))
    return str(file)
