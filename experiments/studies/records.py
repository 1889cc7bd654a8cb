"""The records of a study's finished cells, read without loading more than is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow.dataset

from agents.training.records import EVALUATION
from analysis.metrics import METRICS
from experiments.studies.evaluation_cell import EPISODES
from experiments.studies.planning import Opened
from experiments.studies.store import CELLS, read_json

#: What tells runs apart.
RUN = ["place", "label", "run"]


def dataset_of(opened: Opened, manifests: Mapping[str, Mapping[str, Any]], file: str = EPISODES) -> Any:
    """Return the parquet files of a study's finished evaluations as one ``pyarrow.dataset``; nothing is read yet.

    Args:
        opened: the study.
        manifests: of its finished cells, by address.
        file: ``episodes.parquet``, ``steps.parquet`` or ``tasks.parquet``; cells that have none are left out.

    Returns:
        The data set, a partition for each cell, or None where there is no such file.
    """
    paths = list(_paths(opened, manifests, file).values())
    if not paths:
        return None
    return pyarrow.dataset.dataset(paths, filesystem=opened.store.filesystem(), format="parquet")


def episodes_of(opened: Opened, manifests: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row for each test episode of a study: ``place``, ``label``, ``run``, its seed and figures."""
    data = dataset_of(opened, manifests)
    if data is None:
        return pd.DataFrame(columns=[*RUN, "episode_seed"])
    figures = [name for name in METRICS if name in data.schema.names]
    rows = data.to_table(columns=["episode_seed", *figures, "__filename"]).to_pandas()
    files = _paths(opened, manifests, EPISODES)
    cells = [cell for cell in opened.cells if cell.address in files]
    named = pd.DataFrame(
        [(files[cell.address], cell.place, cell.label, cell.run) for cell in cells], columns=["__filename", *RUN]
    )
    return named.merge(rows, on="__filename").drop(columns="__filename")


def checkpoints_of(opened: Opened, manifests: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row for each evaluated checkpoint of a study's trainings.

    Columns ``place``, ``label``, ``run``, ``episode`` (training episodes behind it) and ``total_reward`` (mean return
    of the evaluation episodes, as configured for training).
    """
    rows: list[tuple[Any, ...]] = []
    for cell in opened.cells:
        manifest = manifests.get(cell.address)
        if cell.kind != "train" or manifest is None or EVALUATION not in manifest["files"]:
            continue
        data = read_json(opened.store, f"{CELLS}/{cell.address}/{manifest['attempt']}/{EVALUATION}")
        which = (cell.place, cell.label, cell.run)
        rows += [(*which, each["episode"], each["total_reward_mean"]) for each in data["checkpoints"]]
    return pd.DataFrame(rows, columns=[*RUN, "episode", "total_reward"])


def _paths(opened: Opened, manifests: Mapping[str, Mapping[str, Any]], file: str) -> dict[str, str]:
    """Return where a file of each finished cell is, by the cell's address."""
    return {
        address: opened.store.path(f"{CELLS}/{address}/{manifest['attempt']}/{file}")
        for address, manifest in manifests.items()
        if file in manifest["files"]
    }
