"""``autoscaling_env.rng.stream`` for many seeds at once, twenty times faster: states seeded and drawn from in place.

NumPy takes longer to set up a generator than to draw a hundred numbers from it. The seeding is compiled here
(O'Neill's ``seed_seq_fe128`` as in ``numpy.random.SeedSequence``, then PCG64's own), and its four words are written
where ``BitGenerator.ctypes`` says the state is. Tests hold every stream against NumPy's.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache, partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.rng import STREAMS, stream
from autoscaling_env.types import FloatArray
from simulator.compiled.compiling import compiled
from simulator.compiled.pcg64 import fill_exponential, fill_gamma, fill_uniform

Word = Any
_LOW, _SHIFT = np.uint64(0xFFFFFFFF), np.uint64(16)
_HALF, _ONE = np.uint64(32), np.uint64(1)
_INIT_A, _MULT_A = np.uint64(0x43B0D7E5), np.uint64(0x931E8875)
_INIT_B, _MULT_B = np.uint64(0x8B51F9DD), np.uint64(0x58F38DED)
_MIX_LEFT, _MIX_RIGHT = np.uint64(0xCA01F9DD), np.uint64(0x4973F715)
_PCG_HIGH, _PCG_LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)


#: Words of a stream's state: PCG64's four, and the half word it may keep for 32-bit numbers.
WORDS = 5


class Streams:
    """Named streams of episode seeds, drawn from in place; for one thread. Good until the next one is asked for."""

    def __init__(self) -> None:
        self._bits = np.random.PCG64(0)
        self.generator = np.random.Generator(self._bits)
        address = self._bits.ctypes.state_address
        place = ctypes.c_void_p.from_address(address).value or 0
        self._state = np.ctypeslib.as_array((ctypes.c_uint64 * 4).from_address(place))
        self._spare = np.ctypeslib.as_array(
            (ctypes.c_uint64 * 1).from_address(address + ctypes.sizeof(ctypes.c_void_p))
        )
        self._works = self._is_laid_out_as_here()

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how a copy is made: anew, with a generator of its own to write to."""
        return Streams, ()

    def get(self, seed: int, name: str) -> np.random.Generator:
        """Return the generator ``name`` of the episode ``seed``, 0 <= seed < 2**64, as ``rng.stream`` does."""
        if not self._works:
            return stream(seed, name)
        seed_pcg64(self._state, np.uint64(seed), np.uint64(STREAMS[name]))
        self._spare[:] = 0
        return self.generator

    def of(self, seeds: NDArray[np.int64]) -> Callable[[str], np.random.Generator]:
        """Return what gives the streams of all these seeds by name.

        They are drawn from as from one generator, but everything drawn has a row for each seed.
        """
        if not (self._works and draws_as_numpy()):
            return lambda name: cast("np.random.Generator", SlowRows(seeds, name))
        words = seeds.astype(np.uint64)
        return lambda name: cast("np.random.Generator", Rows(self, words, name))

    def swap(self, words: NDArray[np.uint64]) -> None:
        """Exchange the generator's state and uint64[WORDS]."""
        kept = words.copy()
        words[:4], words[4:] = self._state, self._spare
        self._state[:], self._spare[:] = kept[:4], kept[4:]

    def _is_laid_out_as_here(self) -> bool:
        """Whether the four words are the state as on machines with 128-bit numbers, low word first."""
        state: Any = self._bits.state["state"]
        words = [state["state"], state["state"] >> 64, state["inc"], state["inc"] >> 64]
        return bool(self._state.tolist() == [int(word) & (2**64 - 1) for word in words])


@cache
def draws_as_numpy() -> bool:
    """Return whether ``simulator.compiled.pcg64`` gives NumPy's numbers on this machine, where rounding may be another.

    Asked once a process, when many streams are first drawn from at once; their state is laid out as here then.
    """
    streams, words, mine = Streams(), np.zeros(WORDS, dtype=np.uint64), np.empty((1, 512))
    streams.swap(words)
    states = words[None].copy()
    streams.swap(words)
    fill_gamma(states, 4.0, mine)
    same = bool((mine[0] == streams.generator.standard_gamma(4.0, 512)).all())
    fill_exponential(states, mine)
    return same and bool((mine[0] == streams.generator.standard_exponential(512)).all())


class SlowRows:
    """What is drawn from the streams ``name`` of several seeds, a row for each: generators of NumPy's own."""

    def __init__(self, seeds: NDArray[np.int64], name: str) -> None:
        self._generators = [stream(seed, name) for seed in seeds.tolist()]

    def __getattr__(self, method: str) -> Callable[..., NDArray[Any]]:
        return lambda *args, **kwargs: np.array([getattr(one, method)(*args, **kwargs) for one in self._generators])


class Rows:
    """The same, with uniform, gamma and exponential numbers compiled, and one generator taking turns for all others."""

    def __init__(self, streams: Streams, seeds: NDArray[np.uint64], name: str) -> None:
        self._streams = streams
        self._words = np.zeros((len(seeds), WORDS), dtype=np.uint64)
        seed_all(self._words, seeds, np.uint64(STREAMS[name]))

    def random(self, size: int) -> FloatArray:
        """Draw float64[k, size] in [0, 1)."""
        out = np.empty((len(self._words), size))
        fill_uniform(self._words, out)
        return out

    def standard_gamma(self, shape: float, size: int) -> FloatArray:
        """Draw float64[k, size]."""
        if shape <= 1:
            return self._in_turn("standard_gamma", shape, size)
        out = np.empty((len(self._words), size))
        fill_gamma(self._words, shape, out)
        return out

    def standard_exponential(self, size: int) -> FloatArray:
        """Draw float64[k, size]."""
        out = np.empty((len(self._words), size))
        fill_exponential(self._words, out)
        return out

    def __getattr__(self, method: str) -> Callable[..., NDArray[Any]]:
        return partial(self._in_turn, method)

    def _in_turn(self, method: str, *args: Any, **kwargs: Any) -> NDArray[Any]:
        drawn = []
        for words in self._words:
            self._streams.swap(words)
            drawn.append(getattr(self._streams.generator, method)(*args, **kwargs))
            self._streams.swap(words)
        return np.array(drawn)


@compiled
def seed_all(states: NDArray[np.uint64], seeds: NDArray[np.uint64], key: Word) -> None:
    """Seed the stream ``key`` of every seed."""
    for place in range(len(seeds)):
        seed_pcg64(states[place], seeds[place], key)


@compiled
def seed_pcg64(state: NDArray[np.uint64], seed: Word, key: Word) -> None:
    """Write the state of ``PCG64(SeedSequence(seed, spawn_key=(key,)))``: low and high word, then the increment's."""
    pool, entropy = np.zeros(4, dtype=np.uint64), np.zeros(5, dtype=np.uint64)
    entropy[0], entropy[1], entropy[4] = seed & _LOW, seed >> _HALF, key
    mix_entropy(pool, entropy)
    words = np.zeros(4, dtype=np.uint64)
    constant = _INIT_B
    for place in range(8):
        value = pool[place % 4] ^ constant
        constant = (constant * _MULT_B) & _LOW
        value = (value * constant) & _LOW
        value ^= value >> _SHIFT
        words[place // 2] |= value << (_HALF if place % 2 else np.uint64(0))
    inc_low = (words[3] << _ONE) | _ONE
    inc_high = (words[2] << _ONE) | (words[3] >> np.uint64(63))
    low = inc_low + words[1]
    high = inc_high + words[0] + np.uint64(low < inc_low)
    high = high * _PCG_LOW + low * _PCG_HIGH + high_product(low, _PCG_LOW)
    low = low * _PCG_LOW
    state[0] = low + inc_low
    state[1] = high + inc_high + np.uint64(state[0] < inc_low)
    state[2], state[3] = inc_low, inc_high


@compiled
def mix_entropy(pool: NDArray[np.uint64], entropy: NDArray[np.uint64]) -> None:
    """As ``SeedSequence.mix_entropy``, on 32-bit numbers held in 64 bits."""
    constant = _INIT_A
    for place in range(4):
        pool[place], constant = hash_mix(entropy[place], constant)
    for source in range(len(entropy)):
        for target in range(4):
            if source == target:
                continue
            value = pool[source] if source < 4 else entropy[source]
            value, constant = hash_mix(value, constant)
            mixed = (_MIX_LEFT * pool[target] - _MIX_RIGHT * value) & _LOW
            pool[target] = mixed ^ (mixed >> _SHIFT)


@compiled
def hash_mix(value: Word, constant: Word) -> tuple[Word, Word]:
    """Return the hashed value and the next constant."""
    value ^= constant
    constant = (constant * _MULT_A) & _LOW
    value = (value * constant) & _LOW
    return value ^ (value >> _SHIFT), constant


@compiled
def high_product(one: Word, two: Word) -> Word:
    """Return the upper 64 bits of a product of two 64-bit numbers."""
    a, b, c, d = one >> _HALF, one & _LOW, two >> _HALF, two & _LOW
    middle = (b * d >> _HALF) + (a * d & _LOW) + (b * c & _LOW)
    return a * c + (a * d >> _HALF) + (b * c >> _HALF) + (middle >> _HALF)
