"""Random numbers of many seeds at once, compiled: NumPy's PCG64 and what it draws from it, to the bit.

NumPy calls its generator through a pointer for every number. Here it is compiled into the loop, runs without the
interpreter's lock, and fills a row per seed. The algorithms are those of ``numpy/random/src``: PCG XSL-RR 128/64
(O'Neill 2014), the ziggurat (Marsaglia & Tsang 2000a) with NumPy's tables, gamma from normal (2000b, shape > 1).
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray
from simulator.compiled.compiling import compiled, inlined

try:
    from numba.np.random._constants import (
        fe_double,
        fi_double,
        ke_double,
        ki_double,
        we_double,
        wi_double,
        ziggurat_exp_r,
        ziggurat_nor_inv_r,
        ziggurat_nor_r,
    )
except ImportError:  # a private place, which may move: `Streams` then finds other numbers than NumPy's, and NumPy draws
    fe_double = we_double = fi_double = wi_double = np.zeros(256)
    ke_double = ki_double = np.zeros(256, dtype=np.uint64)
    ziggurat_exp_r = ziggurat_nor_inv_r = ziggurat_nor_r = 1.0

#: uint64[k, 4]: low and high word of the state, low and high word of the increment.
States = NDArray[np.uint64]
Word: TypeAlias = Any
MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
_TO_UNIT = 1.0 / 2**53
_BYTE, _EIGHT, _ELEVEN, _ONE, _THREE = (np.uint64(number) for number in (0xFF, 8, 11, 1, 3))
#: How surely a gamma number is kept that is kept without logarithms; shapes are below 1e6.
_MARGIN = 1e-9
_MANTISSA = np.uint64(2**52 - 1)


@compiled
def fill_uniform(states: States, out: FloatArray) -> None:
    """Fill row i of float64[k, n] with the next numbers in [0, 1) of ``states[i]``."""
    for row in range(len(out)):
        low, high, add_low, add_high = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
        for place in range(out.shape[1]):
            low, high, out[row, place] = uniform(low, high, add_low, add_high)
        states[row, 0], states[row, 1] = low, high


@compiled
def fill_gamma(states: States, shape: float, out: FloatArray) -> None:
    """Fill row i of float64[k, n] with the next standard gamma numbers of ``states[i]``; ``shape`` > 1."""
    b = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9 * b)
    for row in range(len(out)):
        low, high, add_low, add_high = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
        for place in range(out.shape[1]):
            low, high, out[row, place] = gamma(low, high, add_low, add_high, b, c)
        states[row, 0], states[row, 1] = low, high


@compiled
def fill_exponential(states: States, out: FloatArray) -> None:
    """Fill row i of float64[k, n] with the next standard exponential numbers of ``states[i]``."""
    for row in range(len(out)):
        low, high, add_low, add_high = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
        for place in range(out.shape[1]):
            low, high, out[row, place] = exponential(low, high, add_low, add_high)
        states[row, 0], states[row, 1] = low, high


@inlined
def exponential(low: Word, high: Word, add_low: Word, add_high: Word) -> tuple[Word, Word, Any]:
    """Return the next state and a standard exponential number."""
    while True:
        low, high, word = next_word(low, high, add_low, add_high)
        word >>= _THREE
        layer = word & _BYTE
        word >>= _EIGHT
        x = np.float64(np.int64(word)) * we_double[layer]
        if word < ke_double[layer]:
            return low, high, x
        low, high, accepted, x = exponential_edge(low, high, add_low, add_high, np.int64(layer), x)
        if accepted:
            return low, high, x


@compiled
def exponential_edge(
    low: Word, high: Word, add_low: Word, add_high: Word, layer: Any, x: float
) -> tuple[Word, Word, bool, float]:
    """Return the next state, whether a number outside of its layer's rectangle is kept, and it (1.1 % come here)."""
    low, high, u = uniform(low, high, add_low, add_high)
    if layer == 0:
        return low, high, True, ziggurat_exp_r - math.log1p(-u)
    height = (fe_double[layer - 1] - fe_double[layer]) * u + fe_double[layer]
    return low, high, height < math.exp(-x), x


@inlined
def gamma(low: Word, high: Word, add_low: Word, add_high: Word, b: float, c: float) -> tuple[Word, Word, Any]:
    """Return the next state and a gamma number of shape b + 1/3, with c = 1 / sqrt(9 b).

    NumPy keeps a number by the last two tests, the second of which takes two logarithms and is needed by every tenth.
    The first one here implies it and is failed by one in sixty (shape 4). With y = c x, the bound of log u is
    3 b (log(1 + y) - y + y**2 / 2 - y**3 / 3), for y >= -1/2 no less than -3 b y**4 / 2 = -x**4 / (54 b); and
    log u <= u - 1. ``_MARGIN`` is more than what all rounding comes to.
    """
    while True:
        low, high, x = normal(low, high, add_low, add_high)
        root = 1.0 + c * x
        while root <= 0.0:
            low, high, x = normal(low, high, add_low, add_high)
            root = 1.0 + c * x
        v = root * root * root
        low, high, u = uniform(low, high, add_low, add_high)
        if (u < 1.0 - _MARGIN - (x * x) * (x * x) * (c * c / 6)) & (root >= 0.5):
            return low, high, b * v
        if u < 1.0 - 0.0331 * (x * x) * (x * x):
            return low, high, b * v
        if math.log(u) < 0.5 * x * x + b * (1.0 - v + math.log(v)):
            return low, high, b * v


@inlined
def normal(low: Word, high: Word, add_low: Word, add_high: Word) -> tuple[Word, Word, Any]:
    """Return the next state and a standard normal number."""
    while True:
        low, high, word = next_word(low, high, add_low, add_high)
        layer = word & _BYTE
        word >>= _EIGHT
        place = (word >> _ONE) & _MANTISSA
        # The sign without a branch, which would be mispredicted every other time.
        sign = np.int64(word & _ONE)
        x = np.float64((np.int64(place) ^ -sign) + sign) * wi_double[layer]
        if place < ki_double[layer]:
            return low, high, x
        low, high, accepted, x = edge(low, high, add_low, add_high, np.int64(layer), x, np.int64(place))
        if accepted:
            return low, high, x


@compiled
def edge(
    low: Word, high: Word, add_low: Word, add_high: Word, layer: Any, x: float, place: Any
) -> tuple[Word, Word, bool, float]:
    """Return the next state, whether a number outside of its layer's rectangle is kept, and it (1.2 % come here)."""
    if layer > 0:
        low, high, u = uniform(low, high, add_low, add_high)
        height = (fi_double[layer - 1] - fi_double[layer]) * u + fi_double[layer]
        return low, high, height < math.exp(-0.5 * x * x), x
    while True:
        low, high, u = uniform(low, high, add_low, add_high)
        beyond = -ziggurat_nor_inv_r * math.log1p(-u)
        low, high, u = uniform(low, high, add_low, add_high)
        depth = -math.log1p(-u)
        if depth + depth > beyond * beyond:
            far = ziggurat_nor_r + beyond
            return low, high, True, -far if (place >> 8) & 1 else far


@inlined
def uniform(low: Word, high: Word, add_low: Word, add_high: Word) -> tuple[Word, Word, float]:
    """Return the next state and a number in [0, 1)."""
    low, high, word = next_word(low, high, add_low, add_high)
    return low, high, np.float64(np.int64(word >> _ELEVEN)) * _TO_UNIT


def _next_word(_: Any, low: Any, high: Any, add_low: Any, add_high: Any) -> Any:
    """Return the next state's words and 64 random bits. In LLVM's terms, which has numbers of 128 bits; numba has not.

    The state is handed over in registers: through memory, each number would wait for the one before to be stored.
    """
    next_state_and_word: Any = types.Tuple([types.uint64] * 3)  # type: ignore[no-untyped-call]
    return next_state_and_word(low, high, add_low, add_high), _generate


def _generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    wide, word = ir.IntType(128), ir.IntType(64)

    def joined(low: Any, high: Any) -> Any:
        return builder.or_(builder.zext(low, wide), builder.shl(builder.zext(high, wide), ir.Constant(wide, 64)))

    state = builder.add(builder.mul(joined(*args[:2]), ir.Constant(wide, MULTIPLIER)), joined(*args[2:]))
    low, high = builder.trunc(state, word), builder.trunc(builder.lshr(state, ir.Constant(wide, 64)), word)
    mixed = builder.xor(high, low)
    right = builder.lshr(high, ir.Constant(word, 58))
    left = builder.and_(builder.neg(right), ir.Constant(word, 63))
    drawn = builder.or_(builder.lshr(mixed, right), builder.shl(mixed, left))
    return context.make_tuple(builder, signature.return_type, (low, high, drawn))


next_word = cast("Any", intrinsic(_next_word))
