"""The durations file of the Azure Functions Dataset 2019: percentiles in milliseconds, per function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoscaling_env.types import FloatArray
from workloads.intervals import Quantiles
from workloads.traces.columns import PERCENTILE, numbers
from workloads.traces.source import Source

NAMES = ("HashOwner", "HashApp", "HashFunction")
PERCENTILES = (0, 1, 25, 50, 75, 99, 100)
COLUMNS = tuple(f"percentile_Average_{percent}" for percent in PERCENTILES)


@dataclass(frozen=True, slots=True)
class Durations:
    """Service times by function.

    Attributes:
        file: what messages call the file.
        row_of: (owner, app, function) -> row of ``service``.
        service: the service times.
    """

    file: str
    row_of: dict[tuple[str, ...], int]
    service: Quantiles


def read_durations(source: Source) -> Durations:
    """Read the percentiles; of several rows for a function the last counts."""
    row_of: dict[tuple[str, ...], int] = {}
    blocks: list[FloatArray] = [np.empty((0, len(COLUMNS)))]
    rows = 0
    for chunk in source.chunks((*NAMES, *COLUMNS)):
        values = [numbers(chunk, name, source.problems, PERCENTILE) / 1000 for name in COLUMNS]
        block = np.column_stack(values)
        _check_rising(source, chunk.index.to_numpy(), block)
        keys = zip(*(chunk[name].astype(str) for name in NAMES), strict=True)
        row_of |= {key: rows + index for index, key in enumerate(keys)}
        blocks.append(block)
        rows += len(block)
    source.problems.check()
    if not rows:
        source.problems.fail(None, "has a header but no functions")
    levels = np.array(PERCENTILES) / 100
    return Durations(source.problems.file, row_of, Quantiles(levels, np.concatenate(blocks)))


def _check_rising(source: Source, lines: np.ndarray[tuple[int], np.dtype[np.int64]], block: FloatArray) -> None:
    row, column = np.nonzero(np.diff(block, axis=1) < 0)
    for index, left in zip(row[:100], column[:100], strict=True):
        source.problems.add(
            int(lines[index]), f"{COLUMNS[left + 1]}: is below {COLUMNS[left]}; percentiles must not fall"
        )
