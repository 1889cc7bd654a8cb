"""Which part of a trace is wanted: a range of time, and functions by their names' first characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from autoscaling_env.config.workload import TraceConfig
from autoscaling_env.errors import nearest
from autoscaling_env.types import BoolArray, FloatArray
from workloads.traces.problems import Problems

#: Function names remembered for suggesting the nearest.
REMEMBERED = 5_000


class HasProblems(Protocol):
    """A file that problems are noted of."""

    @property
    def problems(self) -> Problems:
        """Where they go."""
        ...


@dataclass
class Selection:
    """The selected range, in seconds from the start of the recording, and functions (all if empty)."""

    start_s: float = 0.0
    end_s: float | None = None
    functions: tuple[str, ...] = ()
    _seen: set[str] = field(default_factory=set)
    _found: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, config: TraceConfig) -> Selection:
        """Return what the configuration selects."""
        return cls(config.start_s, config.end_s, config.functions)

    @property
    def length_s(self) -> float | None:
        """Length of the range where it has an end."""
        return None if self.end_s is None else self.end_s - self.start_s

    @property
    def range_shown(self) -> str:
        """The range, for messages."""
        return f"{self.start_s:g} s and {'the end' if self.end_s is None else f'{self.end_s:g} s'}"

    def inside(self, time_s: FloatArray) -> BoolArray:
        """bool[n]: whether each time lies in the half-open range."""
        return (time_s >= self.start_s) & (time_s < (math.inf if self.end_s is None else self.end_s))

    def rows(self, names: pd.Series) -> BoolArray:
        """bool[n]: whether each row's function is selected."""
        chosen = np.ones(len(names), dtype=bool)
        if not self.functions:
            return chosen
        text = names.astype(str)
        chosen[:] = text.str.startswith(self.functions).to_numpy()
        self._remember(set(text.unique()))
        return chosen

    def named(self, names: Sequence[str], source: HasProblems) -> BoolArray:
        """bool[n]: whether each of these names is selected.

        Raises:
            TraceError: a wanted one is not there.
        """
        chosen = self.rows(pd.Series(names, dtype=str))
        self.check_found(source)
        return chosen

    def check_found(self, source: HasProblems) -> None:
        """Raise where a wanted function is not in the file."""
        for name in self.functions:
            if name not in self._found:
                hint = nearest(name, [seen[: len(name)] for seen in self._seen])
                source.problems.add(None, f"no function starts with {name!r}{hint}")
        source.problems.check()

    def no_functions(self, source: HasProblems, what: str) -> None:
        """Raise where functions are wanted of a format that has none."""
        if self.functions:
            source.problems.fail(None, f"{what} does not name functions; leave out `functions`")

    def _remember(self, names: set[str]) -> None:
        self._found |= {wanted for wanted in self.functions if any(name.startswith(wanted) for name in names)}
        if len(self._seen) < REMEMBERED:
            self._seen |= names
