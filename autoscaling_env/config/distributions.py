"""Distributions of times in seconds: what the configuration can say, and how numbers are drawn from it.

Parametrised by what people measure: a mean where there is one, quantile-fitted shapes where not.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from autoscaling_env.config.base import PositiveSeconds, Seconds, Section
from autoscaling_env.types import FloatArray


def _stretched(drawn: FloatArray, scale_s: float, shift_s: float = 0.0) -> FloatArray:
    """Return ``shift_s + scale_s * drawn``, in place: drawing many episodes is mostly moving memory."""
    drawn *= scale_s
    if shift_s:
        drawn += shift_s
    return drawn


class Constant(Section):
    """Always the same value."""

    kind: Literal["constant"] = "constant"
    value_s: Seconds

    @property
    def mean_s(self) -> float:
        """Expected value in seconds."""
        return self.value_s

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw float64[size]; uses no randomness."""
        return np.full(size, self.value_s)


class Uniform(Section):
    """Uniform on ``[low_s, high_s]``."""

    kind: Literal["uniform"] = "uniform"
    low_s: Seconds
    high_s: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if self.low_s > self.high_s:
            raise ValueError(f"low_s {self.low_s:g} must not exceed high_s {self.high_s:g}")
        return self

    @property
    def mean_s(self) -> float:
        """Expected value in seconds."""
        return (self.low_s + self.high_s) / 2

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw float64[size]."""
        return _stretched(rng.random(size), self.high_s - self.low_s, self.low_s)


class Exponential(Section):
    """Exponential with the given mean."""

    kind: Literal["exponential"] = "exponential"
    mean_s: PositiveSeconds

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw float64[size]."""
        return _stretched(rng.standard_exponential(size), self.mean_s)


class Gamma(Section):
    """Gamma with the given shape and mean (scale = mean / shape)."""

    kind: Literal["gamma"] = "gamma"
    shape: Annotated[float, Field(gt=0, le=1e6)]
    mean_s: PositiveSeconds

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw float64[size]."""
        return _stretched(rng.standard_gamma(self.shape, size), self.mean_s / self.shape)


class Lognormal(Section):
    """Lognormal with the given mean and coefficient of variation (standard deviation / mean)."""

    kind: Literal["lognormal"] = "lognormal"
    mean_s: PositiveSeconds
    cv: Annotated[float, Field(gt=0, le=100)]

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw float64[size]."""
        variance = math.log1p(self.cv**2)
        return rng.lognormal(math.log(self.mean_s) - variance / 2, math.sqrt(variance), size)


class ShiftedGamma(Section):
    """A minimum plus a gamma: what start-up times look like."""

    kind: Literal["shifted_gamma"] = "shifted_gamma"
    shift_s: Seconds
    shape: Annotated[float, Field(gt=0, le=1e6)]
    scale_s: PositiveSeconds

    @property
    def mean_s(self) -> float:
        """Expected value in seconds."""
        return self.shift_s + self.shape * self.scale_s

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw float64[size]."""
        return _stretched(rng.standard_gamma(self.shape, size), self.scale_s, self.shift_s)


class Empirical(Section):
    """One of a list of measured values, each equally likely."""

    kind: Literal["empirical"] = "empirical"
    values_s: Annotated[tuple[Seconds, ...], Field(min_length=1)]

    @property
    def mean_s(self) -> float:
        """Expected value in seconds."""
        return math.fsum(self.values_s) / len(self.values_s)

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw float64[size]."""
        return np.asarray(self.values_s, dtype=np.float64)[rng.integers(len(self.values_s), size=size)]


#: A time in seconds, by ``kind``.
Distribution: TypeAlias = Annotated[
    Constant | Uniform | Exponential | Gamma | Lognormal | ShiftedGamma | Empirical, Field(discriminator="kind")
]
