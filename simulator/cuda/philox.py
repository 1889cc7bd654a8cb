"""Counter-based random numbers: Philox4x32-10.

Salmon, Moraes, Dror & Shaw 2011, *Parallel random numbers: as easy as 1, 2, 3*.

A number is a function of key and counter, so a thread needs no state, and no draw can shift another. The key is an
episode's seed; the counter says which stream (``autoscaling_env.rng.STREAMS``), which row, which episode of it and
which draw. Plain Python: ``simulator.cuda.targets`` makes code of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLY_0, _MULTIPLY_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ELEVEN = np.uint64(11)
_TO_UNIT = 1.0 / 2**53
ROUNDS = 10


def philox(key: Any, one: Any, two: Any, three: Any, four: Any) -> Any:
    """Return 128 random bits as two uint64 for a 64-bit key and a counter of four 32-bit words, all as uint64."""
    key_0, key_1 = key & _LOW, key >> _HALF
    for _ in range(ROUNDS):
        product_0, product_1 = _MULTIPLY_0 * one, _MULTIPLY_1 * three
        one, two, three, four = (
            (product_1 >> _HALF) ^ two ^ key_0,
            product_1 & _LOW,
            (product_0 >> _HALF) ^ four ^ key_1,
            product_0 & _LOW,
        )
        key_0, key_1 = (key_0 + _WEYL_0) & _LOW, (key_1 + _WEYL_1) & _LOW
    return (two << _HALF) | one, (four << _HALF) | three


def words(seed: Any, stream: Any, row: Any, episode: Any, place: Any) -> Any:
    """Return two uint64: draw number ``place`` of a stream; all below 2**32, but for the seed."""
    return philox(
        np.uint64(seed),
        np.uint64(place) & _LOW,
        np.uint64(stream) & _LOW,
        np.uint64(row) & _LOW,
        np.uint64(episode) & _LOW,
    )


def uniforms(seed: Any, stream: Any, row: Any, episode: Any, place: Any) -> Any:
    """Return two independent float64 in [0, 1)."""
    one, two = words(seed, stream, row, episode, place)
    return np.float64(one >> _ELEVEN) * _TO_UNIT, np.float64(two >> _ELEVEN) * _TO_UNIT


def below(seed: Any, stream: Any, row: Any, episode: Any, bound: Any) -> Any:
    """Return a whole number in [0, bound), bound < 2**31; biased by less than bound / 2**32."""
    one, _ = words(seed, stream, row, episode, np.uint64(0))
    return ((one & _LOW) * np.uint64(bound)) >> _HALF
