"""How far a study is, as a person wants to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """Cells by what became of them.

    Attributes:
        total: cells of the study.
        done: finished, before this run or in it.
        running: handed out.
        failed: with their last error; they are tried again by the next run.
        blocked: wait for a training that failed.
        elapsed_s: real seconds of this run.
        eta_s: real seconds that are left, as far as one can tell; None: one cannot.
        where: on what it runs.
        hands: titles of cells that are handed out, the first few.
    """

    total: int
    done: int = 0
    running: int = 0
    failed: int = 0
    blocked: int = 0
    elapsed_s: float = 0.0
    eta_s: float | None = None
    where: str = ""
    hands: tuple[str, ...] = ()

    @property
    def waiting(self) -> int:
        """Cells that are still to be handed out."""
        return self.total - self.done - self.running - self.failed - self.blocked

    def line(self) -> str:
        """Return it as one line."""
        parts = [f"{self.done} of {self.total} cells done", f"{self.running} running"]
        parts += [f"{count} {name}" for name, count in (("failed", self.failed), ("blocked", self.blocked)) if count]
        if self.eta_s is not None and self.done + self.failed + self.blocked < self.total:
            parts.append(f"about {duration(self.eta_s)} left")
        return ", ".join(parts)


class StudyListener(Protocol):
    """Told as a study goes on. Nothing it does changes what comes of it."""

    def study(self, progress: Progress, figures: Mapping[tuple[str, str], list[float]], metric: str) -> None:
        """Take in how far it is.

        Args:
            progress: cells by what became of them.
            figures: (place, label) -> the compared figure of every finished run.
            metric: its name.
        """
        ...

    def note(self, text: str) -> None:
        """Something the user should know, one sentence."""
        ...


@dataclass(slots=True)
class SilentStudy:
    """A listener that does nothing."""

    def study(self, progress: Progress, figures: Mapping[tuple[str, str], list[float]], metric: str) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""


@dataclass(slots=True)
class Interim:
    """The compared figure of every finished run, as outcomes come in.

    Attributes:
        metric: which figure.
        values: (place, label) -> means over the episodes of each finished run.
    """

    metric: str
    values: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, place: str, label: str, figures: Mapping[str, Any]) -> None:
        """Take in a run."""
        if self.metric in figures:
            self.values.setdefault((place, label), []).append(float(figures[self.metric]))


def duration(seconds: float) -> str:
    """Return seconds as people say them: ``40 s``, ``12 min``, ``3.5 h``, ``2.1 d``."""
    for size, unit in ((86_400, "d"), (3_600, "h")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
