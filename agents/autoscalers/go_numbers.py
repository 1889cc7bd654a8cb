"""The arithmetic of Go that the original controllers round with: int32, division, time, powers."""

from __future__ import annotations

import math
from fractions import Fraction

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
INT64_MAX = 2**63 - 1

#: ln 2 in two pieces, and the Taylor coefficients of e^x from x^8 down to x (math/exp_amd64.s).
LN2_UPPER, LN2_LOWER = 0.69314718055966295651160180568695068359375, 0.28235290563031577122588448175013436e-12
EXP_TAYLOR = tuple(1 / math.factorial(power) for power in range(8, 0, -1))


def int32(value: float) -> int:
    """Convert like Go on amd64: truncate towards zero; what does not fit becomes the smallest int32."""
    if not INT32_MIN - 1 < value < INT32_MAX + 1:  # NaN compares false as well
        return INT32_MIN
    return int(value)


def wrapped(value: int) -> int:
    """Return what an int32 holds after an addition that overflowed: the value modulo 2**32."""
    return (value - INT32_MIN) % 2**32 + INT32_MIN


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


def rounded(value: float) -> int:
    """Round to a whole number, halves away from zero, like Go's ``math.Round``."""
    magnitude = abs(value)
    whole = math.floor(magnitude)
    whole += magnitude - whole >= 0.5
    return whole if value >= 0 else -whole


def milli(value: float) -> int:
    """Return whole thousandths, the unit in which Kubernetes quantities are compared."""
    return rounded(value * 1000)


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
    return exp(1 / degree * math.log(value))


def exp(value: float) -> float:
    """Return e ** value for a moderate value, bit for bit what Go computes on amd64 with fused multiply-add.

    The C library's result may differ in the last bit, which flips a ceil now and then.
    """
    exponent = round(value * math.log2(math.e))
    rest = _fused(-LN2_LOWER, exponent, _fused(-LN2_UPPER, exponent, value)) / 16
    series = EXP_TAYLOR[0]
    for coefficient in EXP_TAYLOR[1:]:
        series = _fused(series, rest, coefficient)
    less_one = rest * series
    for _ in range(3):  # e^(2x) - 1 = (e^x - 1) (e^x + 1)
        less_one *= less_one + 2
    return math.ldexp(_fused(less_one, less_one + 2, 1.0), exponent)


def _fused(factor: float, other: float, term: float) -> float:
    """Return ``factor * other + term``, rounded once."""
    return float(Fraction(factor) * Fraction(other) + Fraction(term))
