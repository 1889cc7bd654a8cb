"""A training as a cell: a run folder, begun anew or gone on with from the newest checkpoint of an earlier attempt."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from agents.training.resume import MODELS
from agents.training.types import SilentTraining, TrainingResult
from autoscaling_env.errors import InputError
from autoscaling_env.run_folder import RunFolder
from experiments.studies.cells import Cell, place_of_cell
from experiments.studies.store import CELLS, Store
from experiments.training import resume_in, train_into

#: The episodes that lie behind a checkpoint, in its name.
EPISODES = re.compile(r"_ep(\d+)\.")


def train_cell(cell: Cell, store: Store, place: Path, attempt: str) -> TrainingResult:
    """Train as a cell says, into the workplace ``place`` of an attempt; every checkpoint is brought to the store.

    Raises:
        InputError: something in the setup is wrong.
        TrainingError: a reward or loss is not finite.
        KeyboardInterrupt: it was stopped; the newest checkpoint is kept.
    """
    keeping = _Keeping(store, place, f"{CELLS}/{cell.address}/{attempt}")
    earlier = furthest(store, cell.address, attempt)
    result = None if earlier is None else _gone_on(cell, store, place, earlier, keeping)
    if result is None:
        result = train_into(RunFolder(place), cell.policy, place_of_cell(cell), listener=keeping)
    return result


def furthest(store: Store, address: str, attempt: str) -> str | None:
    """Return the other attempt of a training with the most episodes behind its newest checkpoint; None: there is none.

    Only what can be gone on from counts: a run folder with its manifest.
    """
    behind: dict[str, int] = {}
    for other in store.names(f"{CELLS}/{address}"):
        folder = f"{CELLS}/{address}/{other}"
        if other == attempt or "manifest.json" not in store.names(folder):
            continue
        numbers = [int(found[1]) for name in store.names(f"{folder}/{MODELS}") if (found := EPISODES.search(name))]
        behind[other] = max(numbers, default=-1)
    return max(behind, key=lambda other: (behind[other], other), default=None)


class _Keeping(SilentTraining):
    """Brings what a training leaves to the store, at each of its checkpoints."""

    def __init__(self, store: Store, place: Path, folder: str) -> None:
        self._store, self._place, self._folder = store, place, folder

    def saved(self, path: Path) -> None:
        """Take note of a checkpoint; its records were written before it."""
        self._store.keep(self._place, self._folder)


def _gone_on(cell: Cell, store: Store, place: Path, earlier: str, keeping: _Keeping) -> TrainingResult | None:
    """Go on where an earlier attempt was; None where nothing in it can be gone on from: then it is begun anew."""
    store.fetch(f"{CELLS}/{cell.address}/{earlier}", place)
    try:
        return resume_in(RunFolder(place), agent=cell.policy, listener=keeping)
    except InputError:
        for path in place.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return None
