"""Columns of a chunk as arrays, every bad value noted with its line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from autoscaling_env.types import BoolArray, FloatArray
from workloads.traces.problems import Problems

#: The start of a date in the years 1900 to 2199.
PLAUSIBLE_DATE = r"(?:19|20|21)\d\d-?\d\d"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a column of numbers may hold: ``[0, high]`` of a unit, without the 0 where ``positive``."""

    unit: str
    high: float
    positive: bool = False

    def holds(self, values: FloatArray) -> BoolArray:
        """bool[n]: whether each value is allowed."""
        above = values > 0 if self.positive else values >= 0
        return above & (values <= self.high)

    def __str__(self) -> str:
        return f"{self.unit} in {'(' if self.positive else '['}0, {self.high:g}]"


#: Later than any Unix time in seconds that is meant; Unix times in milliseconds are beyond it.
TIME = Quantity("seconds", 1e11)
#: The longest time there is anywhere in the configuration.
SERVICE = Quantity("seconds", 1e9)
DEADLINE = Quantity("seconds", 1e9, positive=True)
PERCENTILE = Quantity("milliseconds", 1e12)
COUNT = Quantity("a number", 1e9)


def numbers(chunk: pd.DataFrame, column: str, problems: Problems, allowed: Quantity) -> FloatArray:
    """Return a column as float64[n]; values that are not allowed are noted and read as ``nan``."""
    cells = chunk[column]
    if pd.api.types.is_bool_dtype(cells):
        cells = cells.astype(str)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
    good = allowed.holds(values)
    if good.all():
        return values
    note(chunk, column, ~good, problems, str(allowed))
    return np.where(good, values, np.nan)


def times(chunk: pd.DataFrame, column: str, problems: Problems) -> FloatArray:
    """Return a column of times as float64[n], seconds: numbers, or dates such as ``2026-01-31 14:05:00``."""
    cells = chunk[column]
    if pd.api.types.is_numeric_dtype(cells) or not _looks_like_dates(cells):
        return numbers(chunk, column, problems, TIME)
    stamps = dates(cells)
    bad = stamps.isna().to_numpy()
    if bad.any():
        note(chunk, column, bad, problems, "a date such as 2026-01-31 14:05:00, like the others")
    seconds = (stamps - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return np.asarray(seconds, dtype=np.float64)


def _looks_like_dates(cells: pd.Series) -> bool:
    return bool(dates(cells.head(20)).notna().mean() > 0.5)


def dates(cells: pd.Series) -> pd.Series:
    """Return points in time, ``NaT`` where the text is none; pandas itself raises at years it cannot hold."""
    text = cells.astype(str)
    plausible = text.where(text.str.match(PLAUSIBLE_DATE))
    return pd.to_datetime(plausible, errors="coerce", utc=True, format="ISO8601")


def note(chunk: pd.DataFrame, column: str, bad: BoolArray, problems: Problems, allowed: str) -> None:
    """Note the values of a column that are bad, the first hundred of them."""
    for line, value in chunk[column][bad].head(100).items():
        if value != value:  # an empty cell reads as NaN; the text "nan" stays text
            problems.add(int(str(line)), f"{column}: is empty: must be {allowed}")
        else:
            problems.bad_value(int(str(line)), column, value, allowed)
