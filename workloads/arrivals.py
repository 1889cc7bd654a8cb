"""Arrivals of one phase, for one seed or with a row for each of many: a class for each process that is not ``exact``.

All are defined on a clock that runs with the rate (the time-scale transformation): there a process has rate 1, and
``RateCurve.when`` says at which moment of the phase each arrival comes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from autoscaling_env.config import arrivals as kinds
from autoscaling_env.pacing import Pace, PacingPlan
from autoscaling_env.types import FloatArray
from workloads.modulation import GammaModulation
from workloads.rates import RateCurve
from workloads.windowed import pacing_plan


@dataclass(frozen=True, slots=True)
class Sample:
    """The arrivals of a phase.

    Attributes:
        arrival_s: float64[..., n], seconds since the phase began, sorted; inf where there is none.
        length_s: how long the phase took: one number, or float64[...].
        drifted: it ended with its last task.
    """

    arrival_s: FloatArray
    length_s: float | FloatArray
    drifted: bool = False


class Arrivals(Protocol):
    """An arrival process on one phase."""

    #: The number is random: ``Sample.arrival_s`` has room for more than there are.
    ragged: bool
    #: Time is random, too: phases do not begin when they are declared to.
    drifts: bool

    @property
    def most_tasks(self) -> int:
        """No phase has more."""
        ...

    def sample(self, rng: np.random.Generator, pace: Pace) -> Sample:
        """Draw the arrivals; ``pace`` is as for ``DrawsRows.draw_from``."""
        ...


@dataclass(frozen=True)
class Exact:
    """``tasks`` independent moments; what ``workloads.phased`` draws for all phases at once where all are such."""

    curve: RateCurve
    tasks: int
    ragged = drifts = False

    @property
    def most_tasks(self) -> int:
        """No phase has more."""
        return self.tasks

    def sample(self, rng: np.random.Generator, pace: Pace) -> Sample:
        """Draw float64[..., tasks]."""
        del pace
        uniform = rng.random(self.tasks)
        uniform *= self.curve.total
        uniform.sort()
        return Sample(_when(self.curve, uniform), self.curve.duration_s)


@dataclass(frozen=True)
class Renewal:
    """Gamma gaps with mean 1 and coefficient of variation ``cv`` on the clock of the rate; 1 is a Poisson process.

    The first gap is what is left of one that began long ago (the equilibrium renewal process; Cox 1962, *Renewal
    Theory*, section 2.2), so ``expected`` is the mean at every moment: a uniform share of a gap drawn by its length.
    """

    curve: RateCurve
    expected: float
    cv: float
    ragged, drifts = True, False

    @property
    def most_tasks(self) -> int:
        """No phase has more."""
        return room(self.expected, self.cv**2)

    def sample(self, rng: np.random.Generator, pace: Pace) -> Sample:
        """Draw float64[..., room]."""
        del pace
        level = np.cumsum(self._gaps(rng), axis=-1)
        return Sample(_until(self.curve, level, self.expected), self.curve.duration_s)

    def _gaps(self, rng: np.random.Generator) -> FloatArray:
        size = self.most_tasks
        if self.cv == 1:
            return rng.standard_exponential(size)
        shape = self.cv**-2
        first = rng.random(1) * rng.standard_gamma(shape + 1, 1)
        gaps = _gamma(rng, shape, size)
        gaps[..., :1] = first
        gaps /= shape
        return gaps


@dataclass(frozen=True)
class Modulated:
    """A Poisson process whose rate is multiplied by a gamma process (a Cox process)."""

    curve: RateCurve
    expected: float
    modulation: GammaModulation
    ragged, drifts = True, False

    @property
    def most_tasks(self) -> int:
        """No phase has more."""
        return room(self.expected, self.modulation.dispersion)

    def sample(self, rng: np.random.Generator, pace: Pace) -> Sample:
        """Draw float64[..., room]."""
        del pace
        grid = np.append(self.modulation.start_s, self.curve.duration_s)
        steady = self.curve.expected(grid) * (self.expected / self.curve.total)
        bursty = np.cumsum(self.modulation.sample(rng) * np.diff(steady), axis=-1)
        level = np.cumsum(rng.standard_exponential(self.most_tasks), axis=-1)
        return Sample(_until(self.curve, _back(level, bursty, steady), self.expected), self.curve.duration_s)


@dataclass(frozen=True)
class Windowed:
    """The reference emitter's pacing of one phase; see ``WindowedArrivals``."""

    curve: RateCurve
    tasks: int
    window_s: float
    drifts = True
    ragged = False

    @property
    def most_tasks(self) -> int:
        """No phase has more."""
        return self.tasks

    def sample(self, rng: np.random.Generator, pace: Pace) -> Sample:
        """Draw float64[..., tasks]."""
        arrival_s, bounds = pace(rng.standard_exponential(2 * self.tasks), self._plan)
        return Sample(arrival_s, bounds[..., -1], drifted=True)

    @cached_property
    def _plan(self) -> PacingPlan:
        return pacing_plan([self.curve], [self.tasks], [self.window_s])


def arrivals_of(config: kinds.ArrivalsConfig, curve: RateCurve, expected: float) -> Arrivals:
    """Return the process of a phase.

    Args:
        config: which one.
        curve: the phase's rate.
        expected: the number of tasks; rounded where it is exact.

    Raises:
        ValueError: it cannot be so; the message names the key and what is allowed.
    """
    if expected == 0:
        return Exact(curve, 0)
    match config:
        case kinds.ExactArrivals():
            return Exact(curve, round(expected))
        case kinds.WindowedArrivals():
            return Windowed(curve, round(expected), config.window_s)
        case kinds.PoissonArrivals():
            return Renewal(curve, expected, 1.0)
        case kinds.GammaArrivals():
            return Renewal(curve, expected, config.cv)
        case kinds.ModulatedArrivals():
            rate = expected / curve.duration_s
            modulation = GammaModulation.of(rate, config.dispersion, config.correlation_s, curve.duration_s)
            return Modulated(curve, expected, modulation)


def room(expected: float, dispersion: float) -> int:
    """Return how many arrivals there can be: seven standard deviations above the mean, and 15 large clusters.

    More come about once in 10^12 phases, and are left out.
    """
    return math.ceil(expected + 7 * math.sqrt(expected * dispersion) + 15 * (dispersion + 1))


def _gamma(rng: np.random.Generator, shape: float, size: int) -> FloatArray:
    """Draw standard gamma numbers. Below shape 1: G(shape + 1) U^(1 / shape)."""
    if shape > 1:
        return rng.standard_gamma(shape, size)
    numbers = rng.standard_gamma(shape + 1, size)
    falls = rng.standard_exponential(size)
    falls /= -shape
    numbers *= np.exp(falls, out=falls)
    return numbers


def _when(curve: RateCurve, expected: FloatArray) -> FloatArray:
    """Return the moments before which so many are expected; rounding moves none beyond the end."""
    if curve.is_flat:
        expected *= curve.duration_s / curve.total
        moments = expected
    elif curve.is_stepped:
        moments = np.interp(expected, curve.cumulative, curve.time_s)
    else:
        moments = curve.when(expected)
    return np.minimum(moments, np.nextafter(curve.duration_s, 0.0), out=moments)


def _until(curve: RateCurve, level: FloatArray, expected: float) -> FloatArray:
    """Return the moments at which a process of rate 1 that ends at ``expected`` rises to ``level``; inf beyond."""
    beyond = level >= expected
    arrival_s = _when(curve, np.minimum(level, expected) * (curve.total / expected))
    arrival_s[beyond] = np.inf
    return arrival_s


def _back(level: FloatArray, bursty: FloatArray, steady: FloatArray) -> FloatArray:
    """Return where the steady clock stands when the bursty one stands at ``level``; inf beyond its end.

    ``bursty`` float64[..., w] and ``steady`` float64[w + 1] are the two at the ends of the same steps.
    """
    found = np.empty_like(level)
    for row in np.ndindex(level.shape[:-1]):
        found[row] = np.interp(level[row], np.append(0.0, bursty[row]), steady, right=np.inf)
    return found
