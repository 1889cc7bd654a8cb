"""How much work recorded tasks are, by their names: counts, shares, spread, and what to configure of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray

#: What a task without a name is called.
NAMELESS = "(no name)"
#: What the row of all tasks is called.
ALL = "(all)"
#: What all tasks that are not shown apart are called.
OTHERS = "(others)"
#: Names that are shown apart; the rest together.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class WorkOf:
    """Work of the tasks of one name; None where it is known of none of them.

    Attributes:
        name: of the tasks.
        tasks: how many there are.
        share: of all tasks.
        known: of how many the work is known.
        work_share: of all known work; 0 where there is none.
        mean_s: mean, seconds.
        cv: standard deviation over mean.
        p50_s: half take no longer.
        p95_s: 95 % take no longer.
        p99_s: 99 % take no longer.
    """

    name: str
    tasks: int
    share: float
    known: int
    work_share: float
    mean_s: float | None = None
    cv: float | None = None
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return its numbers by name."""
        return asdict(self)

    def row(self) -> dict[str, str]:
        """Return a line of a table."""
        seconds = {"mean [s]": self.mean_s, "cv": self.cv, "p50": self.p50_s, "p95": self.p95_s, "p99": self.p99_s}
        return {
            "Task": self.name,
            "tasks": f"{self.tasks:,}",
            "share": f"{self.share:.1%}",
            "known": f"{self.known:,}",
            "of the work": f"{self.work_share:.1%}",
            **{name: "-" if value is None else f"{value:.4g}" for name, value in seconds.items()},
        }


@dataclass(frozen=True, slots=True, eq=False)
class NamedWork:
    """Recorded tasks, their names and their work.

    Attributes:
        names: every name once.
        task: int64[n], the place of each task's name in ``names``.
        service_s: float64[n], seconds of work; NaN where nobody knows.
    """

    names: tuple[str, ...]
    task: NDArray[np.int64]
    service_s: FloatArray

    @classmethod
    def together(cls, parts: Sequence[NamedWork]) -> NamedWork | None:
        """Return what several recordings have; None: there are none."""
        if not parts:
            return None
        names = {name: None for part in parts for name in part.names}
        place = {name: number for number, name in enumerate(names)}
        codes = [np.array([place[name] for name in part.names], dtype=np.int64)[part.task] for part in parts]
        return cls(tuple(names), np.concatenate(codes), np.concatenate([part.service_s for part in parts]))

    @property
    def unknown(self) -> int:
        """Of how many tasks nobody knows the work."""
        return int(np.isnan(self.service_s).sum())

    def all(self) -> WorkOf:
        """Return the work of all tasks."""
        return _work_of(ALL, self.service_s, len(self.service_s), float(np.nansum(self.service_s)))

    def by_name(self) -> tuple[WorkOf, ...]:
        """Return the work of each name that a task has, the most frequent first."""
        order = np.argsort(self.task, kind="stable")
        places, first = np.unique(self.task[order], return_index=True)
        parts = np.split(self.service_s[order], first[1:])
        total, work_s = len(self.task), float(np.nansum(self.service_s))
        found = [_work_of(self.names[at], part, total, work_s) for at, part in zip(places, parts, strict=True)]
        return tuple(sorted(found, key=lambda each: (-each.tasks, each.name)))

    def most(self, count: int) -> dict[str, FloatArray]:
        """Return the known work of the names that are the most work, and of all others together; of none where none is.

        Args:
            count: so many names, >= 1.
        """
        known = np.isfinite(self.service_s)
        busiest = sorted((each for each in self.by_name() if each.known), key=lambda each: -each.work_share)[:count]
        found, rest = dict[str, FloatArray](), known.copy()
        for each in busiest:
            chosen = known & (self.task == self.names.index(each.name))
            found[each.name] = self.service_s[chosen]
            rest &= ~chosen
        return found | ({OTHERS: self.service_s[rest]} if rest.any() else {})

    def rows(self) -> list[dict[str, str]]:
        """Return a table: the most frequent names, the rest together, and all."""
        named = self.by_name()
        rows = [each.row() for each in named[:SHOWN]]
        if rest := {each.name for each in named[SHOWN:]}:
            chosen = np.isin(self.task, [place for place, name in enumerate(self.names) if name in rest])
            others = _work_of(
                f"({len(rest)} others)", self.service_s[chosen], len(self.task), float(np.nansum(self.service_s))
            )
            rows.append(others.row())
        return [*rows, self.all().row()]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {"all": self.all().to_json(), "by_name": [each.to_json() for each in self.by_name()]}


def name_codes(names: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return every name once, in order, and the place of each task's; the empty one has a word of its own."""
    called = [name or NAMELESS for name in names]
    different = tuple(sorted(set(called)))
    place = {name: number for number, name in enumerate(different)}
    return different, np.array([place[name] for name in called], dtype=np.int64)


def _work_of(name: str, service_s: FloatArray, total: int, total_work_s: float) -> WorkOf:
    known = service_s[np.isfinite(service_s)]
    share, work_s = len(service_s) / max(total, 1), float(known.sum())
    counted = WorkOf(name, len(service_s), share, len(known), work_s / total_work_s if total_work_s > 0 else 0.0)
    if not len(known):
        return counted
    mean_s = float(known.mean())
    p50, p95, p99 = np.quantile(known, (0.5, 0.95, 0.99)).tolist()
    cv = float(known.std()) / mean_s if mean_s > 0 else 0.0
    return WorkOf(name, counted.tasks, share, counted.known, counted.work_share, mean_s, cv, p50, p95, p99)
