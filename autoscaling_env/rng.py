"""Randomness is passed: one seed per episode, and a named stream for each thing that is drawn from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Name -> spawn key. A number, once given, is never given to another name: it is what a seed means.
STREAMS: dict[str, int] = {
    "arrivals": 0,
    "service": 1,
    "startup": 2,
    "pickup": 3,
    "agent": 4,
    "phases": 5,
    "trace": 6,
    "search": 7,
    "overhead": 8,
    "spread": 9,
    "randomize": 10,
}


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator ``name`` of the episode ``seed``.

    The streams of one seed are independent (``SeedSequence`` spawn keys), so no draw of one thing can
    shift another: two policies that scale differently still meet the identical tasks.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(STREAMS[name],))
    return np.random.Generator(np.random.PCG64(sequence))


#: Start-up delays are drawn in blocks of this size: part of what a seed means.
STARTUP_BLOCK = 64

#: Training seeds are drawn apart from any evaluation seed a user may name.
TRAINING_SALT = 0x5EED_7EA1

#: Episode seeds are drawn below this bound: they fit a JSON number exactly.
SEED_BOUND = 2**53

#: Levels of a set: level i of those for training is the episode of seed i, of those for testing that of LEVELS + i.
LEVELS = 2**32


def draw_seeds(generator: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Draw the seeds of the next ``count`` episodes from an environment's own generator: as many single draws."""
    return generator.integers(SEED_BOUND, size=count)


def episode_seed(generator: np.random.Generator) -> int:
    """Draw the seed of the next episode."""
    return int(draw_seeds(generator, 1)[0])


def episode_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Return the ``count`` episode seeds of an experiment seeded with ``seed``; more of them begin with the same."""
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    return tuple(draw_seeds(generator, count).tolist())
