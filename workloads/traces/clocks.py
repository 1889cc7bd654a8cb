"""Times of a column as seconds: numbers in the unit their size tells, or dates, with a zone or local."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from autoscaling_env.types import FloatArray
from workloads.traces.columns import dates, note
from workloads.traces.options import TIME_UNITS, Options
from workloads.traces.problems import Problems

#: A number above this is a Unix time in that unit: one in seconds reaches it in the year 5138.
LIMITS = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"))
#: A zone at the end of a date.
ZONED = r"(?:Z|z|UTC|[+-]\d\d:?\d\d)$"


@dataclass
class Clock:
    """How the times of a column are read; decided by its first values, the same for all.

    Attributes:
        shown: for the line that says what was recognised.
        local: dates without a zone, and none was named.
    """

    options: Options
    shown: str = ""
    local: bool = False

    def seconds(self, chunk: pd.DataFrame, column: str, problems: Problems) -> FloatArray:
        """Return float64[n], seconds; what is no time is noted and read as NaN."""
        cells = chunk[column]
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
        if np.isfinite(values[:20]).mean() >= 0.5:
            return self._numbers(chunk, column, values, problems)
        return self._dates(chunk, column, problems)

    def _numbers(self, chunk: pd.DataFrame, column: str, values: FloatArray, problems: Problems) -> FloatArray:
        good = np.isfinite(values) & (values >= 0)
        if not good.all():
            note(chunk, column, ~good, problems, "a number of seconds, like the others")
        if not self.shown:
            first = float(np.nanmedian(values))
            told = next((unit for limit, unit in LIMITS if first > limit), "s")
            unit = self.options.time_unit or told
            self._scale = TIME_UNITS[unit]
            self.shown = f"times in {unit}" + (" since 1970" if first * self._scale > 1e8 else "")
        return np.where(good, values * self._scale, np.nan)

    def _dates(self, chunk: pd.DataFrame, column: str, problems: Problems) -> FloatArray:
        text = chunk[column].astype(str).str.strip()
        if not self.shown:
            zoned = bool(text.head(20).str.contains(ZONED).mean() > 0.5)
            zone = self.options.timezone
            self.local = not zoned and zone is None
            self.shown = "times with a zone" if zoned else f"local times of {zone or 'UTC, as none is said'}"
            self._zone = None if zoned else zone
        stamps = dates(text)
        bad = stamps.isna().to_numpy()
        if bad.any():
            note(chunk, column, bad, problems, "a date such as 2026-01-31 14:05:00, like the others")
        if self._zone is not None:
            naive = stamps.dt.tz_localize(None)
            stamps = naive.dt.tz_localize(self._zone, ambiguous=_first_then_second(naive), nonexistent="shift_forward")
        seconds = (stamps - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
        return np.asarray(seconds, dtype=np.float64)


def _first_then_second(naive: pd.Series) -> np.ndarray:
    """Return bool[n], whether each time is summer time if it is there twice: of equal ones the first is."""
    return ~naive.duplicated().to_numpy()
