"""What handing out a cell costs: very many, of which each leaves its manifest and does nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.made import opened, short
from benchmarks.studies.measuring import measured
from experiments.schedulers import Scheduler, scheduler_on
from experiments.studies.carrying import Job, Outcome
from experiments.studies.cells import Cell
from experiments.studies.store import DONE, open_store, write_json


@dataclass(frozen=True, slots=True)
class Overhead:
    """What was measured of a place.

    Attributes:
        place: ``local`` or ``ray``.
        cells: how many.
        slots: at the same time.
        per_s: cells a second once it ran.
        overhead_ms: of a cell and slot: all that it takes, as it does nothing; its manifest is written to disk in it.
        processor_ms: of a cell, in all processes together: what does not depend on what else the machine does.
        driver_ms: processor time of the process that hands out, for each cell: what bounds cells a second.
        first_mb, last_mb: memory of the process that hands out, in the second and the last tenth of the run.
    """

    place: str
    cells: int
    slots: int
    per_s: float
    overhead_ms: float
    processor_ms: float
    driver_ms: float
    first_mb: float
    last_mb: float


def next_to_nothing(job: Job) -> Outcome:
    """Leave the manifest of a cell that came to nothing."""
    cell, nothing = Cell.from_json(job.cell), {"attempt": job.attempt, "elapsed_s": 0.0, "figures": {}, "files": {}}
    write_json(open_store(job.store), f"{DONE}/{cell.address}.json", nothing)
    return Outcome(cell.address)


def overhead(folder: Path, place: str, cells: int, slots: int, ahead: int = 0) -> Overhead:
    """Run cells that do nothing in ``slots`` processes or cores, and return what one costs.

    Args:
        folder: where results lie.
        place: ``local`` or ``ray``.
        cells: how many.
        slots: at the same time.
        ahead: of Ray: so many are handed out ahead for each slot, as if there were as many more; 0: as usual.
    """
    study, began_s = opened(folder, short(cells)), time.process_time()
    course, _ = measured(study, lambda: _ahead(scheduler_on(place, jobs=slots)(), ahead), next_to_nothing)
    driver_s = time.process_time() - began_s
    tenth = max(1, len(course.memory_mb) // 10)
    return Overhead(
        place,
        cells,
        slots,
        course.per_s(),
        1e3 * slots / course.per_s(),
        course.processor_ms(),
        1e3 * driver_s / cells,
        float(np.mean(course.memory_mb[tenth : 2 * tenth] or course.memory_mb)),
        float(np.mean(course.memory_mb[-tenth:])),
    )


def _ahead(scheduler: Any, ahead: int) -> Scheduler:
    if ahead:
        scheduler.depth = ahead
    made: Scheduler = scheduler
    return made
