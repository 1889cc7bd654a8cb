"""Before and between runs: the cells of a study, what they are likely to cost, and what is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.tables import Row
from experiments.schedulers.scheduler import cores
from experiments.studies.cells import Cell
from experiments.studies.costs import costs_of
from experiments.studies.expanding import cells_of
from experiments.studies.file import Study, read_study
from experiments.studies.progress import duration
from experiments.studies.running import progress_file
from experiments.studies.store import Store, failures, finished, manifests, open_store, read_json


@dataclass(frozen=True, slots=True)
class Opened:
    """A study made out.

    Attributes:
        study: what its file says.
        cells: what it is made of.
        store: where its results lie.
    """

    study: Study
    cells: Sequence[Cell]
    store: Store

    @property
    def once(self) -> dict[str, Cell]:
        """Cells by address: several of a study may come to the same."""
        return {cell.address: cell for cell in self.cells}


def open_study(file: Path, store: str | None = None) -> Opened:
    """Return a study made out.

    Args:
        file: its YAML file.
        store: where its results lie instead of where the file says.

    Raises:
        InputError: every problem found, one line each.
    """
    study = read_study(file)
    return Opened(study, cells_of(study), open_store(store or study.store))


@dataclass(frozen=True, slots=True)
class Group:
    """Cells of a plan that differ only in seed and variant.

    Attributes:
        kind, policy, place: what they have in common.
        cells, done: how many there are, and how many are finished.
        cost_s: core-seconds that those which are not are likely to cost.
    """

    kind: str
    policy: str
    place: str
    cells: int
    done: int
    cost_s: float


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a run would do.

    Attributes:
        name: of the study.
        groups: of its cells.
        measured: whether costs are of cells that ran; else they are guesses.
        others: finished cells in the store that are not of this study: of others, or of other settings or code.
    """

    name: str
    groups: Sequence[Group]
    measured: bool
    others: int = 0

    @property
    def total(self) -> int:
        """All cells."""
        return sum(group.cells for group in self.groups)

    @property
    def done(self) -> int:
        """Those that are finished."""
        return sum(group.done for group in self.groups)

    @property
    def cost_s(self) -> float:
        """Core-seconds that the others are likely to cost."""
        return sum(group.cost_s for group in self.groups)

    def in_short(self) -> str:
        """Return the plan in one sentence."""
        if self.done == self.total:
            return f"{self.name}: all {self.total} cells are finished"
        here = cores()
        told = "measured" if self.measured else "guessed"
        left = f"{self.total - self.done} of {self.total} cells to run"
        spread = f"on {here} cores about {duration(self.cost_s / here)}"
        others = f"; {self.others} finished cells are of other studies, settings or code" if self.others else ""
        return f"{self.name}: {left}, about {duration(self.cost_s)} of one core ({told}), {spread}{others}"

    def tables(self) -> dict[str, list[Row]]:
        """Return printable rows by title."""
        rows = [
            {
                "Cells": f"{group.kind} {group.policy}",
                "Where": group.place,
                "Count": str(group.cells),
                "Done": str(group.done),
                "Cost": duration(group.cost_s) if group.done < group.cells else "-",
            }
            for group in self.groups
        ]
        return {f"study {self.name}": rows}

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        groups = [{name: getattr(group, name) for name in Group.__slots__} for group in self.groups]
        return {"cells": self.total, "done": self.done, "cost_s": self.cost_s, "groups": groups}


def plan_study(opened: Opened) -> StudyPlan:
    """Return what a run would do, and what it would cost."""
    once, everything = opened.once, finished(opened.store)
    done = everything & set(once)
    costs = costs_of(once, manifests(opened.store, sorted(done)))
    grouped: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in once.values():
        grouped.setdefault((cell.kind, cell.policy, cell.place), []).append(cell)
    groups = [
        Group(
            *key,
            cells=len(cells),
            done=sum(cell.address in done for cell in cells),
            cost_s=sum(costs.of(cell) for cell in cells if cell.address not in done),
        )
        for key, cells in grouped.items()
    ]
    return StudyPlan(opened.study.name, groups, costs.measured, len(everything - done))


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """How far a study is, whoever runs it.

    Attributes:
        name: of the study.
        total: cells.
        done: those that are finished.
        failed: title of each cell whose last attempt failed -> its error.
        last: what its last run wrote of itself; empty: there was none.
    """

    name: str
    total: int
    done: int
    failed: Mapping[str, str]
    last: Mapping[str, Any]

    def in_short(self) -> str:
        """Return it in a sentence or two."""
        failed = f", {len(self.failed)} failed" if self.failed else ""
        first = f"{self.name}: {self.done} of {self.total} cells done{failed}"
        if not self.last:
            return f"{first}; no run of it yet"
        if self.last["ended"]:
            return f"{first}; the last run ended at {self.last['at']}"
        left = f", about {duration(self.last['eta_s'])} left" if self.last["eta_s"] is not None else ""
        where = f"{self.last['where']}, process {self.last['process']} on {self.last['host']}"
        return f"{first}; {self.last['running']} running on {where}, as of {self.last['at']}{left}"

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {"cells": self.total, "done": self.done, "failed": dict(self.failed), "last": dict(self.last)}


def study_status(opened: Opened) -> StudyStatus:
    """Return how far a study is."""
    once = opened.once
    done = finished(opened.store) & set(once)
    failed = failures(opened.store, [address for address in once if address not in done])
    last = read_json(opened.store, progress_file(opened.study.name)) or {}
    errors = {each["title"]: each["error"] for each in failed.values()}
    return StudyStatus(opened.study.name, len(once), len(done), errors, last)
