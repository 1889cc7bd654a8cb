"""What handing out a cell costs: very many very short ones."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.made import opened, short
from benchmarks.studies.measuring import measured
from experiments.schedulers import Scheduler, scheduler_on


@dataclass(frozen=True, slots=True)
class Overhead:
    """What was measured of a place.

    Attributes:
        place: ``local`` or ``ray``.
        cells: how many.
        slots: at the same time.
        per_s: cells a second once it ran.
        work_ms: of a cell, playing and writing its records.
        overhead_ms: of a cell and core, beside that.
        driver_ms: processor time of the process that hands out, for each cell: what bounds cells a second.
        first_mb, last_mb: memory of the process that hands out, in the first and the last tenth of the run.
    """

    place: str
    cells: int
    slots: int
    per_s: float
    work_ms: float
    overhead_ms: float
    driver_ms: float
    first_mb: float
    last_mb: float


def overhead(folder: Path, place: str, cells: int, slots: int, ahead: int = 0) -> Overhead:
    """Run short cells in ``slots`` processes or cores, and return what one costs beside its own work.

    Args:
        folder: where results lie.
        place: ``local`` or ``ray``.
        cells: how many.
        slots: at the same time.
        ahead: of Ray: so many are handed out ahead for each slot, as if there were as many more; 0: as usual.
    """
    study = opened(folder, short(cells))
    before_s = time.process_time()
    course, worked_s = measured(study, lambda: _ahead(scheduler_on(place, jobs=slots)(), ahead))
    driver_s = time.process_time() - before_s
    work_s = worked_s / cells
    tenth = max(1, len(course.memory_mb) // 10)
    return Overhead(
        place,
        cells,
        slots,
        course.per_s(),
        1e3 * work_s,
        1e3 * (slots / course.per_s() - work_s),
        1e3 * driver_s / cells,
        float(np.mean(course.memory_mb[tenth : 2 * tenth] or course.memory_mb)),
        float(np.mean(course.memory_mb[-tenth:])),
    )


def _ahead(scheduler: Any, ahead: int) -> Scheduler:
    if ahead:
        scheduler.depth = ahead
    made: Scheduler = scheduler
    return made
