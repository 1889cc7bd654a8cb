"""Random numbers of every configured distribution, drawn where they are needed: from a counter, without a state.

Statistically those of ``autoscaling_env.config.distributions``, not the same numbers: NumPy draws from tables one after
the other (ziggurats), a thread computes each from scratch. Normal numbers: Box & Muller 1958; gamma: Marsaglia & Tsang
2000, *A simple method for generating gamma variables*. Plain Python: ``simulator.cuda.targets`` makes code of it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autoscaling_env.config import distributions as dist
from autoscaling_env.types import FloatArray
from simulator.cuda.philox import uniforms

#: Kinds of laws: one number; ``shift + scale U``; ``shift + scale E``; ``shift + scale G(shape)``;
#: ``exp(shift + scale N)``; one of the values from ``shift`` on, ``scale`` of them.
CONSTANT, UNIFORM, EXPONENTIAL, GAMMA, LOGNORMAL, EMPIRICAL = range(6)
#: Columns of a law.
KIND, SHIFT, SCALE, SHAPE, LOW, HIGH = range(6)
#: A stream's numbers that were thrown away take up so many bits more of the counter's word.
TRIES = 16


class Draw(NamedTuple):
    """Names a draw: the seed, then what ``philox.words`` counts by."""

    seed: Any
    stream: Any
    row: Any
    episode: Any
    place: Any


def laws_of(
    wanted: list[tuple[dist.Distribution, tuple[float, float]]],
) -> tuple[FloatArray, FloatArray]:
    """Return float64[n, 6] and the values of those that are lists, for distributions and what they are clipped to."""
    laws, values = np.zeros((len(wanted), 6)), list[float]()
    for row, (distribution, bounds_s) in enumerate(wanted):
        if isinstance(distribution, dist.Empirical):
            laws[row, : KIND + 4] = EMPIRICAL, len(values), len(distribution.values_s), 0
            values += distribution.values_s
        else:
            laws[row, : KIND + 4] = _numbers(distribution)
        laws[row, LOW:] = bounds_s
    return laws, np.array(values or [0.0])


def _numbers(distribution: dist.Distribution) -> tuple[float, float, float, float]:
    match distribution:
        case dist.Constant():
            return CONSTANT, distribution.value_s, 0, 0
        case dist.Uniform():
            return UNIFORM, distribution.low_s, distribution.high_s - distribution.low_s, 0
        case dist.Exponential():
            return EXPONENTIAL, 0, distribution.mean_s, 0
        case dist.Gamma():
            return GAMMA, 0, distribution.mean_s / distribution.shape, distribution.shape
        case dist.ShiftedGamma():
            return GAMMA, distribution.shift_s, distribution.scale_s, distribution.shape
        case dist.Lognormal():
            variance = math.log1p(distribution.cv**2)
            return LOGNORMAL, math.log(distribution.mean_s) - variance / 2, math.sqrt(variance), 0
    raise TypeError(f"no law for {type(distribution).__name__}")  # pragma: no cover - all are above


def sample(laws: Any, values: Any, which: Any, draw: Draw) -> Any:
    """Return a number of law ``which``, clipped to its bounds."""
    kind, shift, scale = int(laws[which, KIND]), laws[which, SHIFT], laws[which, SCALE]
    drawn = shift
    if kind == UNIFORM:
        drawn = shift + scale * uniform(draw, 0)
    elif kind == EXPONENTIAL:
        drawn = shift + scale * exponential(draw, 0)
    elif kind == GAMMA:
        drawn = shift + scale * gamma(draw, laws[which, SHAPE])
    elif kind == LOGNORMAL:
        drawn = math.exp(shift + scale * normal(draw, 0))
    elif kind == EMPIRICAL:
        drawn = values[int(shift) + int(uniform(draw, 0) * scale)]
    return min(max(drawn, laws[which, LOW]), laws[which, HIGH])


def pair(draw: Draw, trial: Any) -> Any:
    """Return two independent numbers in [0, 1), others for every trial of the same draw."""
    return uniforms(draw.seed, draw.stream | (trial << TRIES), draw.row, draw.episode, draw.place)


def uniform(draw: Draw, trial: Any) -> Any:
    """Return a number in [0, 1)."""
    one, _ = pair(draw, trial)
    return one


def exponential(draw: Draw, trial: Any) -> Any:
    """Return a standard exponential number."""
    return -math.log(1.0 - uniform(draw, trial))


def normal(draw: Draw, trial: Any) -> Any:
    """Return a standard normal number."""
    one, two = pair(draw, trial)
    return math.sqrt(-2.0 * math.log(1.0 - one)) * math.cos(2.0 * math.pi * two)


def gamma(draw: Draw, shape: Any) -> Any:
    """Return a standard gamma number. Below shape 1: G(shape + 1) U^(1 / shape)."""
    small = shape < 1.0
    b = (shape + 1.0 if small else shape) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * b)
    trial, found = 1, 0.0
    while found <= 0.0:
        x = normal(draw, trial)
        u = 1.0 - uniform(draw, trial + 1)
        trial += 2
        root = 1.0 + c * x
        if root > 0.0:
            v = root * root * root
            if math.log(u) < 0.5 * x * x + b * (1.0 - v + math.log(v)):
                found = b * v
    if small:
        found *= math.exp(-exponential(draw, 0) / shape)
    return found
