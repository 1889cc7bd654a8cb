"""Runs a study and measures it: cells by time, and the memory of the process that hands them out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from experiments.schedulers import Scheduler
from experiments.studies.carrying import Job, Outcome, carry_out
from experiments.studies.planning import Opened
from experiments.studies.progress import Progress, SilentStudy
from experiments.studies.running import run_cells
from experiments.studies.store import manifests

MEGABYTE = 2**20


@dataclass(slots=True)
class Course(SilentStudy):
    """How a run went.

    Attributes:
        done: (real seconds since it began, cells done), at every time that it was told.
        memory_mb: of this process, at the same times.
        processor_s: of this process and all that it started, at the same times.
        notes: what was said.
    """

    begun_s: float = field(default_factory=time.perf_counter)
    done: list[tuple[float, int]] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def study(self, progress: Progress, figures: Mapping[tuple[str, str], list[float]], metric: str) -> None:
        """See ``StudyListener.study``."""
        self.done.append((time.perf_counter() - self.begun_s, progress.done))
        own = psutil.Process()
        self.memory_mb.append(own.memory_info().rss / MEGABYTE)
        self.processor_s.append(sum(map(_processor_s, [own, *own.children(recursive=True)])))

    def note(self, text: str) -> None:
        """See ``StudyListener.note``."""
        self.notes.append(text)

    def per_s(self) -> float:
        """Return cells a second from the first to the last that was finished: what starting up costs is not in it."""
        first, last = self._span()
        cells, seconds = (self.done[last][i] - self.done[first][i] for i in (1, 0))
        return cells / seconds if seconds else float("nan")

    def processor_ms(self) -> float:
        """Return the processor time of a cell and all that it takes to hand it out, in all processes, milliseconds."""
        first, last = self._span()
        cells = self.done[last][1] - self.done[first][1]
        return 1e3 * (self.processor_s[last] - self.processor_s[first]) / cells if cells else float("nan")

    def _span(self) -> tuple[int, int]:
        """Return when a finished cell was first told, and when some were last left: all processes are there then."""
        counts = [count for _, count in self.done]
        return next(i for i, count in enumerate(counts) if count), max(counts.index(counts[-1]) - 1, 0)


def measured(
    study: Opened, make_scheduler: Callable[[], Scheduler], carry_out: Callable[[Job], Outcome] = carry_out
) -> tuple[Course, float]:
    """Run a study; return how it went, and the core-seconds that its cells' own work took.

    Raises:
        RuntimeError: a cell failed.
    """
    course = Course()
    found = run_cells(study.study, study.cells, study.store, make_scheduler, listener=course, carry_out=carry_out)
    if found.failed or found.interrupted:
        raise RuntimeError(f"not all was run: {dict(found.failed)}")
    worked = sum(float(each["elapsed_s"]) for each in manifests(study.store, list(study.once)).values())
    return course, worked


def _processor_s(process: psutil.Process) -> float:
    with suppress(psutil.Error):  # it has gone meanwhile
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
