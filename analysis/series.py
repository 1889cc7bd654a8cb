"""From the records of an agent to curves over time: mean over episodes with a band."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.results import Record
from autoscaling_env.types import FloatArray

#: The band covers this share of the episodes.
LOW, HIGH = 10.0, 90.0


@dataclass(frozen=True, slots=True)
class Curve:
    """float64[steps] each: the x values, the mean over episodes, and the ends of the band."""

    x: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray


def curve(records: Sequence[Record], name: str, *, cumulative: bool = False) -> Curve | None:
    """Return the list ``name`` of all episodes over time; None where an episode lacks it.

    An episode that ended earlier no longer counts; in a cumulative curve it keeps its last value.
    """
    lists = [np.asarray(getattr(record, name), dtype=float) for record in records]
    if not all(len(values) for values in lists):
        return None
    if cumulative:
        lists = [np.cumsum(values) for values in lists]
    table = _padded(lists, hold=cumulative)
    # Without gaps the plain percentile says the same many times faster.
    percentile = np.nanpercentile if np.isnan(table).any() else np.percentile
    low, high = percentile(table, [LOW, HIGH], axis=0)
    return Curve(times(records), np.nanmean(table, axis=0), low, high)


def overlaid(curves: Sequence[Curve]) -> list[bool]:
    """Tell which curves lie exactly on an earlier one, and would hide it."""
    return [
        any(np.array_equal(curve.mean, earlier.mean) for earlier in curves[:index])
        for index, curve in enumerate(curves)
    ]


def times(records: Sequence[Record]) -> FloatArray:
    """Return the mean end of each step in seconds, or step numbers where times were not recorded."""
    lists = [np.asarray(record.times_s, dtype=float) for record in records]
    if not all(len(values) for values in lists):
        return np.arange(1.0, 1 + max(len(record.rewards) for record in records))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found: FloatArray = np.nanmean(_padded(lists, hold=False), axis=0)
    return found


def stepped(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Let the first step begin at 0: what was recorded at a step's end held throughout it."""
    return np.concatenate([[0.0], x]), np.concatenate([y[:1], y])


def timed(records: Sequence[Record]) -> bool:
    """Return whether the records say when each step ended."""
    return all(record.times_s for record in records)


def _padded(lists: Sequence[FloatArray], *, hold: bool) -> FloatArray:
    """float64[episodes, longest]; the rest of a shorter row is NaN, or its last value."""
    table = np.full((len(lists), max(map(len, lists))), np.nan)
    for row, values in zip(table, lists, strict=True):
        row[: len(values)] = values
        if hold:
            row[len(values) :] = values[-1]
    return table
