"""What the commands of a study do: each reads the study's file, makes it out, and calls one function."""

from __future__ import annotations

import threading
from pathlib import Path

from experiments.schedulers import LOCAL, scheduler_on
from experiments.studies import planning, reporting
from experiments.studies.findings import StudyFindings
from experiments.studies.planning import StudyPlan, StudyStatus, open_study
from experiments.studies.progress import StudyListener
from experiments.studies.running import ATTEMPTS, StudyRun, run_cells
from experiments.studies.store import check_store


def plan_study(file: Path, *, store: str | None = None) -> StudyPlan:
    """Return the cells of a study, what they are likely to cost, and how many are finished.

    Args:
        file: the study's YAML file.
        store: where results lie instead of where the file says: a folder, or a URL that fsspec opens.

    Raises:
        InputError: every problem in the file, one line each.
    """
    return planning.plan_study(open_study(file, store))


def run_study(
    file: Path,
    *,
    store: str | None = None,
    on: str = LOCAL,
    jobs: int | None = None,
    address: str | None = None,
    attempts: int = ATTEMPTS,
    listener: StudyListener | None = None,
    stop: threading.Event | None = None,
) -> StudyRun:
    """Run the cells of a study that are not finished, and go on with trainings that were broken off.

    Args:
        file, store: as for ``plan_study``.
        on: ``local`` or ``ray``; what comes of it does not depend on it.
        jobs: cells at the same time; as many as there are cores if left out.
        address: of a Ray cluster that is there; one of its own is started if left out.
        attempts: times that a cell is tried where a machine may be at fault: killed, a full disk, other code.
        listener: is told how far it is.
        stop: when set, the run ends, as with Ctrl-C.

    Raises:
        InputError: every problem in the file, one line each, or the store cannot be written to.
    """
    make_scheduler = scheduler_on(on, jobs=jobs, address=address)
    opened = open_study(file, store)
    check_store(opened.store.url)
    return run_cells(
        opened.study,
        opened.cells,
        opened.store,
        make_scheduler,
        attempts=attempts,
        listener=listener,
        stop=stop,
    )


def study_status(file: Path, *, store: str | None = None) -> StudyStatus:
    """Return how far a study is, whoever runs it; arguments as for ``plan_study``."""
    return planning.study_status(open_study(file, store))


def report_study(file: Path, *, store: str | None = None, output: Path | None = None) -> StudyFindings:
    """Add up what is finished of a study into a folder of tables and pictures.

    Args:
        file, store: as for ``plan_study``.
        output: the folder; ``<name>-report`` if left out.

    Raises:
        InputError: every problem in the file, one line each, or no evaluation is finished.
    """
    return reporting.report_study(open_study(file, store), output)
