"""The arithmetic of Go that the original controllers round with: int32 conversion, division, time."""

from __future__ import annotations

import math

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


def int32(value: float) -> int:
    """Convert like Go on amd64: truncate towards zero; what does not fit becomes the smallest int32."""
    if not INT32_MIN - 1 < value < INT32_MAX + 1:  # NaN compares false as well
        return INT32_MIN
    return int(value)


def divide(numerator: float, denominator: float) -> float:
    """Divide as IEEE 754 says: x / 0 is an infinity, 0 / 0 is NaN; no exception."""
    if denominator != 0:
        return numerator / denominator
    return math.copysign(math.inf, numerator) if numerator else math.nan


def ceil(value: float) -> float:
    """Round up as a float; infinities and NaN stay what they are."""
    return float(math.ceil(value)) if math.isfinite(value) else value


def nanoseconds(seconds: float) -> int:
    """Return whole nanoseconds: Go's time.Duration, exact to compare and subtract."""
    return round(seconds * 1e9)


def milli(value: float) -> int:
    """Return whole thousandths, the unit in which Kubernetes quantities are compared."""
    return round(value * 1000)


def power(base: float, exponent: int) -> float:
    """Return ``base ** exponent``, exponent >= 0, by repeated squaring: bit for bit Go's ``math.Pow``."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


def root(value: float, degree: int) -> float:
    """Return ``value ** (1 / degree)``, value > 0, degree >= 1, the way Go's ``math.Pow`` gets there."""
    if degree <= 2:
        return math.sqrt(value) if degree == 2 else value
    return math.exp(1 / degree * math.log(value))
