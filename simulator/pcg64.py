"""Random numbers of many seeds at once, compiled: NumPy's PCG64, its uniform and its gamma numbers, to the bit.

NumPy calls its generator through a pointer for every number. Here it is compiled into the loop, runs without the
interpreter's lock, and fills a row per seed. The algorithms are those of ``numpy/random/src``: PCG XSL-RR 128/64
(O'Neill 2014), the ziggurat (Marsaglia & Tsang 2000a) with NumPy's tables, gamma from normal (2000b, shape > 1).
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray
from simulator.kernel_agenda import compiled, inlined

try:
    from numba.np.random._constants import fi_double, ki_double, wi_double, ziggurat_nor_inv_r, ziggurat_nor_r
except ImportError:  # a private place, which may move: `Streams` then finds other numbers than NumPy's, and NumPy draws
    fi_double = wi_double = np.zeros(256)
    ki_double = np.zeros(256, dtype=np.uint64)
    ziggurat_nor_inv_r = ziggurat_nor_r = 1.0

#: uint64[k, 4]: low and high word of the state, low and high word of the increment.
States = NDArray[np.uint64]
MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
_TO_UNIT = 1.0 / 2**53
_BYTE, _EIGHT, _ELEVEN, _ONE = np.uint64(0xFF), np.uint64(8), np.uint64(11), np.uint64(1)
_MANTISSA = np.uint64(2**52 - 1)


@compiled
def fill_uniform(states: States, out: FloatArray) -> None:
    """Fill row i of float64[k, n] with the next numbers in [0, 1) of ``states[i]``."""
    for row in range(len(out)):
        state = states[row]
        for place in range(out.shape[1]):
            out[row, place] = uniform(state)


@compiled
def fill_gamma(states: States, shape: float, out: FloatArray) -> None:
    """Fill row i of float64[k, n] with the next standard gamma numbers of ``states[i]``; ``shape`` > 1."""
    b = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9 * b)
    for row in range(len(out)):
        state = states[row]
        for place in range(out.shape[1]):
            out[row, place] = gamma(state, b, c)


@inlined
def gamma(state: States, b: float, c: float) -> Any:
    """Return a gamma number of shape b + 1/3, with c = 1 / sqrt(9 b)."""
    while True:
        x = normal(state)
        v = 1.0 + c * x
        while v <= 0.0:
            x = normal(state)
            v = 1.0 + c * x
        v = v * v * v
        u = uniform(state)
        if u < 1.0 - 0.0331 * (x * x) * (x * x):
            return b * v
        if math.log(u) < 0.5 * x * x + b * (1.0 - v + math.log(v)):
            return b * v


@inlined
def normal(state: States) -> Any:
    """Return a standard normal number."""
    while True:
        word = next_word(state)
        layer = word & _BYTE
        word >>= _EIGHT
        place = (word >> _ONE) & _MANTISSA
        x = np.float64(np.int64(place)) * wi_double[layer]
        x = -x if word & _ONE else x
        if place < ki_double[layer]:
            return x
        accepted, x = edge(state, np.int64(layer), x, np.int64(place))
        if accepted:
            return x


@compiled
def edge(state: States, layer: Any, x: float, place: Any) -> tuple[bool, float]:
    """Return whether a number outside of its layer's rectangle is kept, and the number (1.2 % come here)."""
    if layer > 0:
        height = (fi_double[layer - 1] - fi_double[layer]) * uniform(state) + fi_double[layer]
        return height < math.exp(-0.5 * x * x), x
    while True:
        beyond = -ziggurat_nor_inv_r * math.log1p(-uniform(state))
        depth = -math.log1p(-uniform(state))
        if depth + depth > beyond * beyond:
            far = ziggurat_nor_r + beyond
            return True, -far if (place >> 8) & 1 else far


@inlined
def uniform(state: States) -> float:
    """Return a number in [0, 1)."""
    return np.float64(np.int64(next_word(state) >> _ELEVEN)) * _TO_UNIT


def _next_word(_: Any, state: Any) -> Any:
    """Advance uint64[4] and return 64 random bits. In LLVM's terms, which has numbers of 128 bits; numba has not."""
    return types.uint64(state), _generate


def _generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    wide, word = ir.IntType(128), ir.IntType(64)
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    place = builder.bitcast(data, wide.as_pointer())
    increment = builder.load(builder.gep(place, [ir.Constant(word, 1)]), align=8)
    state = builder.load(place, align=8)
    state = builder.add(builder.mul(state, ir.Constant(wide, MULTIPLIER)), increment)
    builder.store(state, place, align=8)
    high = builder.trunc(builder.lshr(state, ir.Constant(wide, 64)), word)
    mixed = builder.xor(high, builder.trunc(state, word))
    right = builder.lshr(high, ir.Constant(word, 58))
    left = builder.and_(builder.neg(right), ir.Constant(word, 63))
    return builder.or_(builder.lshr(mixed, right), builder.shl(mixed, left))


next_word = cast("Any", intrinsic(_next_word))
