"""Numbers of the counterfactual report as people and JSON read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.statistics import Interval


def plain(value: Any) -> Any:
    """Return a value in what JSON holds: None for what is no number."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return known(value) if isinstance(value, float) else value


def known(value: float) -> float | None:
    """Return a number, or None where it is none."""
    return float(value) if np.isfinite(value) else None


def count(value: float) -> str:
    """Return a mean count; - where nobody knew."""
    return "-" if np.isnan(value) else f"{value:,.2f}"


def percent(value: float) -> str:
    """Return a share; - where nobody knew."""
    return "-" if np.isnan(value) else f"{value:.2%}"


def off(pair: tuple[float, float], limit: float) -> tuple[str, str]:
    """Return how far apart recorded and twin are, and how far they may be."""
    error = abs(pair[1] - pair[0]) / pair[0] if pair[0] > 0 else abs(pair[1])
    return "-" if np.isnan(error) else f"{error:.1%}", f"{limit:.0%}"


def scaled(found: Interval, factor: float) -> Interval:
    """Return an interval of so many times the value."""
    return Interval(found.estimate * factor, found.low * factor, found.high * factor)


def numbers(found: Interval, decimals: int, sign: str = "") -> str:
    """Return an estimate with its interval."""
    form = f"{sign},.{decimals}f"
    if np.isnan(found.low):
        return f"{found.estimate:{form}} [-]"
    return f"{found.estimate:{form}} [{found.low:{form}}, {found.high:{form}}]"


def shares(found: Interval) -> str:
    """Return a share in per cent with its interval."""
    return numbers(scaled(found, 100), 2) + " %"
