"""Values of a column as numbers, also where an export has written their unit beside them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from autoscaling_env.types import FloatArray
from workloads.traces.columns import COUNT, note
from workloads.traces.problems import Problems

#: ``12.5 req/s``, ``1.30 K req/s``, ``3 Mil``.
WITH_UNIT = re.compile(
    r"\s*(?P<number>[+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(?P<factor>K|k|M|Mil|G|B|Bil)?\s*(?P<unit>[A-Za-z/]*)\s*"
)
#: ``1,721,992,142.283``: commas between thousands, and a point.
THOUSANDS = r"\s*\d{1,3}(?:,\d{3})+(?:\.\d*)?\s*"
FACTORS = {"": 1.0, "K": 1e3, "k": 1e3, "M": 1e6, "Mil": 1e6, "G": 1e9, "B": 1e9, "Bil": 1e9}
#: What exports write after a number -> what it counts.
SUFFIXES = {
    "": None,
    "req/s": "per_second",
    "reqps": "per_second",
    "rps": "per_second",
    "reqs/s": "per_second",
    "ops/s": "per_second",
    "ops": "per_second",
    "c/s": "per_second",
    "cps": "per_second",
    "/s": "per_second",
    "req/m": "per_minute",
    "req/min": "per_minute",
    "rpm": "per_minute",
    "ops/m": "per_minute",
    "c/m": "per_minute",
    "/min": "per_minute",
}
#: Names of columns that say their unit.
RATE_NAMES = {
    "per_second": re.compile(
        r"(?i)(req(uest)?s?|ops|tasks|messages|calls)?\s*(/|_per_)\s*s(ec(ond)?)?$|^(rps|qps|tps)$|per[ _]second$"
    ),
    "per_minute": re.compile(
        r"(?i)(req(uest)?s?|ops|tasks|messages|calls)?\s*(/|_per_)\s*m(in(ute)?)?$|^rpm$|per[ _]minute$"
    ),
}
MISSING = ("nan", "null", "none", "n/a", "na", "-", "undefined")


class Values:
    """Reads a column of values and remembers the unit that stood beside them."""

    def __init__(self, column: str, called: str | None = None) -> None:
        self._column, name = column, (called or column).strip()
        self.unit = next((unit for unit, pattern in RATE_NAMES.items() if pattern.search(name)), None)

    def numbers(self, chunk: pd.DataFrame, problems: Problems) -> FloatArray:
        """Return float64[n] >= 0, NaN where nothing was recorded; what is no number is noted."""
        cells = chunk[self._column]
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, copy=True)
        missing = cells.isna().to_numpy() | cells.astype(str).str.strip().str.lower().isin(MISSING).to_numpy()
        text = ~np.isfinite(values) & ~missing
        if text.any():
            values[text] = self._with_units(cells[text])
        bad = ~missing & ~COUNT.holds(values)
        if bad.any():
            formatted = ", empty, or with a unit such as 12.5 req/s (switch formatting off in the export)"
            note(chunk, self._column, bad, problems, f"{COUNT}{formatted if text.any() else ''}")
        return np.where(missing | bad, np.nan, values)

    def _with_units(self, cells: pd.Series) -> FloatArray:
        plain = cells.astype(str).where(
            ~cells.astype(str).str.fullmatch(THOUSANDS), cells.astype(str).str.replace(",", "")
        )
        found = plain.str.extract(WITH_UNIT.pattern + "$")
        units = found["unit"].fillna("?").unique()
        known = [unit for unit in units if unit in SUFFIXES]
        if len(known) != 1:
            return np.full(len(cells), np.nan)
        self.unit = SUFFIXES[known[0]] or self.unit
        factor = found["factor"].fillna("").map(FACTORS).to_numpy(dtype=np.float64)
        number = found["number"].astype(float).to_numpy(dtype=np.float64)
        numbers: FloatArray = np.where(found["unit"].to_numpy() == known[0], number * factor, np.nan)
        return numbers
