"""Service times and deadlines: drawn, clipped, and their mean after clipping in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy

from autoscaling_env.config import distributions as dist
from autoscaling_env.config.workload import DeadlineConfig, ServiceConfig
from autoscaling_env.types import FloatArray


class ServiceModel:
    """Draws service times; clips only where the distribution reaches beyond the bounds."""

    def __init__(self, config: ServiceConfig) -> None:
        low, high = _support(config.distribution)
        self._distribution = config.distribution
        self._low_s, self._high_s = config.min_s, config.max_s
        self._clip_low, self._clip_high = low < config.min_s, high > config.max_s
        self.min_s, self.max_s = max(low, config.min_s), min(high, config.max_s)

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw float64[size], seconds within [min_s, max_s]."""
        service_s = self._distribution.sample(rng, size)
        if self._clip_low:
            np.maximum(service_s, self._low_s, out=service_s)
        if self._clip_high:
            np.minimum(service_s, self._high_s, out=service_s)
        return service_s

    def mean_s(self) -> float:
        """Return expected service time in seconds, after clipping."""
        return clipped_mean_s(self._distribution, self._low_s, self._high_s)


class DeadlineModel:
    """deadline = coefficient x service, within [floor_s, cap_s]; bounds out of reach cost nothing."""

    def __init__(self, config: DeadlineConfig, min_service_s: float, max_service_s: float) -> None:
        self._coefficient, self._floor_s, self._cap_s = config.coefficient, config.floor_s, config.cap_s
        self._reaches_floor = min_service_s * config.coefficient < config.floor_s
        self._reaches_cap = max_service_s * config.coefficient > config.cap_s

    def of(self, service_s: FloatArray) -> FloatArray:
        """Return float64 like the argument: the longest response time that still counts as met, seconds."""
        deadline_s = service_s * self._coefficient
        if self._reaches_floor:
            np.maximum(deadline_s, self._floor_s, out=deadline_s)
        if self._reaches_cap:
            np.minimum(deadline_s, self._cap_s, out=deadline_s)
        return deadline_s


def clipped_mean_s(distribution: dist.Distribution, low_s: float, high_s: float) -> float:
    """Return the mean of the distribution clipped to [low_s, high_s].

    E[clip(X)] = E[min(X, high)] - E[min(X, low)] + low, with the limited expected values E[min(X, d)] of
    Klugman, Panjer & Willmot, *Loss Models*, appendix A.
    """
    match distribution:
        case dist.Constant():
            return min(max(distribution.value_s, low_s), high_s)
        case dist.Empirical():
            return float(np.clip(distribution.values_s, low_s, high_s).mean())
        case dist.ShiftedGamma(shift_s=shift):
            limited = _limited_gamma(distribution.shape, distribution.scale_s)
            return shift + _between(limited, low_s - shift, high_s - shift)
        case dist.Gamma():
            return _between(_limited_gamma(distribution.shape, distribution.mean_s / distribution.shape), low_s, high_s)
        case dist.Exponential():
            return _between(_limited_gamma(1.0, distribution.mean_s), low_s, high_s)
        case dist.Lognormal():
            return _between(_limited_lognormal(distribution), low_s, high_s)
        case dist.Uniform():
            return _between(_limited_uniform(distribution), low_s, high_s)


def _between(limited: Callable[[float], float], low_s: float, high_s: float) -> float:
    return limited(high_s) - limited(low_s) + low_s


def _limited_gamma(shape: float, scale_s: float) -> Callable[[float], float]:
    def limited(bound_s: float) -> float:
        if bound_s <= 0:
            return bound_s
        x = bound_s / scale_s
        return float(
            shape * scale_s * scipy.special.gammainc(shape + 1, x) + bound_s * scipy.special.gammaincc(shape, x)
        )

    return limited


def _limited_lognormal(distribution: dist.Lognormal) -> Callable[[float], float]:
    variance = math.log1p(distribution.cv**2)
    mu, sigma = math.log(distribution.mean_s) - variance / 2, math.sqrt(variance)

    def limited(bound_s: float) -> float:
        if bound_s <= 0:
            return bound_s
        z = (math.log(bound_s) - mu) / sigma
        return float(distribution.mean_s * scipy.special.ndtr(z - sigma) + bound_s * scipy.special.ndtr(-z))

    return limited


def _limited_uniform(distribution: dist.Uniform) -> Callable[[float], float]:
    low, high = distribution.low_s, distribution.high_s

    def limited(bound_s: float) -> float:
        if bound_s <= low:
            return bound_s
        if bound_s >= high:
            return (low + high) / 2
        return ((bound_s**2 - low**2) / 2 + bound_s * (high - bound_s)) / (high - low)

    return limited


def _support(distribution: dist.Distribution) -> tuple[float, float]:
    match distribution:
        case dist.Constant(value_s=value):
            return value, value
        case dist.Uniform():
            return distribution.low_s, distribution.high_s
        case dist.Empirical(values_s=values):
            return min(values), max(values)
        case dist.ShiftedGamma(shift_s=shift):
            return shift, math.inf
        case _:
            return 0.0, math.inf
