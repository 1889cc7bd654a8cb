"""Azure Functions Dataset 2019: invocations per function and minute, and percentiles of their durations.

https://github.com/Azure/AzurePublicDataset/blob/master/AzureFunctionsDataset2019.md
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoscaling_env.rng import stream
from autoscaling_env.types import BoolArray, FloatArray
from workloads.intervals import Intervals
from workloads.traces.columns import COUNT, numbers
from workloads.traces.durations import NAMES, Durations
from workloads.traces.pool import CAPACITY
from workloads.traces.selection import Selection
from workloads.traces.source import Source

MINUTE_S = 60.0


def read_azure2019(
    source: Source, selection: Selection, durations: Durations | None, *, drop_unknown: bool
) -> Intervals:
    """Read counts per minute; several rows of one function add up.

    Args:
        source: the invocations.
        selection: range and functions.
        durations: service times of the functions; without it nothing is known about them.
        drop_unknown: leave functions without durations out instead of refusing the file.
    """
    minutes = tuple(name for name in source.header if name.isdecimal())
    start_s = np.array([float(name) - 1 for name in minutes]) * MINUTE_S
    wanted = np.flatnonzero(selection.inside(start_s))
    cells, dropped = MinuteCounts(), 0
    for chunk in source.chunks((*NAMES, *minutes)):
        chunk = chunk[selection.rows(chunk["HashFunction"])]  # noqa: PLW2901  # the chunk is the selected rows
        counts = _counts(chunk, minutes, source)
        runs = counts.sum(axis=1) > 0  # what never runs needs no durations
        chunk, counts = chunk[runs], counts[runs]  # noqa: PLW2901  # same
        function, known = _functions(chunk, source, durations, drop_unknown=drop_unknown)
        dropped += int((~known).sum())
        cells.add(counts[:, wanted][known], function[known], wanted)
    source.problems.check()
    selection.check_found(source)
    return _intervals(
        source,
        selection,
        cells,
        start_s,
        durations,
        (*_dropped_note(dropped), *source.unused(*NAMES, "Trigger", *minutes)),
    )


def _functions(
    chunk: pd.DataFrame, source: Source, durations: Durations | None, *, drop_unknown: bool
) -> tuple[NDArray[np.intp], BoolArray]:
    """Return the row of each function in ``durations``, and which of them it knows."""
    if durations is None:
        return np.zeros(len(chunk), dtype=np.intp), np.ones(len(chunk), dtype=bool)
    keys = zip(*(chunk[name].astype(str) for name in NAMES), strict=True)
    function = np.array([durations.row_of.get(key, -1) for key in keys], dtype=np.intp)
    if not drop_unknown:
        for line, name in chunk["HashFunction"][function < 0].head(100).items():
            source.problems.add(
                int(str(line)),
                f"HashFunction: {str(name)[:16]!r}: is not in {durations.file}; "
                "add it or set drop_without_durations: true",
            )
    return function, function >= 0


def _counts(chunk: pd.DataFrame, minutes: tuple[str, ...], source: Source) -> FloatArray:
    cells = chunk[list(minutes)]
    if all(dtype.kind in "iuf" for dtype in cells.dtypes):
        counts = cells.to_numpy(dtype=np.float64)
        if COUNT.holds(counts).all():
            return counts
    return np.column_stack([numbers(chunk, name, source.problems, COUNT) for name in minutes])


class MinuteCounts:
    """Minutes with invocations; when there are too many, every task is dropped with probability 1/2."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.share = 1.0
        self._capacity = capacity
        self._rng = stream(0, "trace")
        self._blocks: list[FloatArray] = [np.empty((3, 0))]
        self._held = 0

    def add(self, counts: FloatArray, function: NDArray[np.intp], minute: NDArray[np.intp]) -> None:
        """Take in counts float64[functions, minutes] with the function of each row, the minute of each column."""
        row, column = np.nonzero(counts > 0)
        block = np.stack((minute[column].astype(np.float64), function[row].astype(np.float64), counts[row, column]))
        self._keep(block if self.share == 1 else self._thinned(block, self.share))
        while self._held > self._capacity:
            self._halve()

    def columns(self) -> FloatArray:
        """Return float64[3, n]: minute index, function, count > 0."""
        joined = np.concatenate(self._blocks, axis=1)
        self._blocks = []
        return joined

    def _keep(self, block: FloatArray) -> None:
        self._blocks.append(block)
        self._held += block.shape[1]

    def _halve(self) -> None:
        self.share /= 2
        self._blocks = [self._thinned(block, 0.5) for block in self._blocks]
        self._held = sum(block.shape[1] for block in self._blocks)

    def _thinned(self, block: FloatArray, share: float) -> FloatArray:
        block[2] = self._rng.binomial(block[2].astype(np.int64), share)
        return block[:, block[2] > 0]


def _intervals(
    source: Source,
    selection: Selection,
    cells: MinuteCounts,
    start_s: FloatArray,
    durations: Durations | None,
    notes: tuple[str, ...],
) -> Intervals:
    minute, function, count = cells.columns()
    if round(float(count.sum())) == 0:
        source.problems.fail(None, f"no invocation between {selection.range_shown}")
    return Intervals(
        start_s[minute.astype(np.intp)] - selection.start_s,
        np.full(len(minute), MINUTE_S),
        count,
        selection.length_s or float(start_s[-1]) + MINUTE_S - selection.start_s,
        None if durations is None else function.astype(np.intp),
        None if durations is None else durations.service,
        cells.share,
        notes,
    )


def _dropped_note(dropped: int) -> tuple[str, ...]:
    if not dropped:
        return ()
    return (f"Left out {dropped} function{'s' if dropped > 1 else ''} whose durations are not known.",)
