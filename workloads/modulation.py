"""A gamma process that multiplies a rate: stationary, with mean 1, and with an autocorrelation that decays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autoscaling_env.types import FloatArray

#: The process is held for steps of this share of its correlation time.
STEPS_PER_CORRELATION = 4
MAX_STEPS = 100_000
#: The largest variance: beyond, the process is nearly always 0.
MAX_VARIANCE = 20.0


@dataclass(frozen=True)
class GammaModulation:
    """Gamma numbers of mean 1, one per step, each correlated with the one before: the beta-gamma process.

    ``X' = B X + G`` with B ~ Beta(k r, k (1 - r)) and G ~ Gamma(k (1 - r)) / k keeps X ~ Gamma(k) / k and gives the
    autocorrelation r^n (Lewis, McKenzie & Hugus 1989, *Gamma processes*).

    Attributes:
        start_s: float64[w], when each step begins.
        shape: k; the variance is 1 / k.
        correlation: r, of one step with the next.
        dispersion: what counts get over long times, variance over mean.
    """

    start_s: FloatArray
    shape: float
    correlation: float
    dispersion: float

    @classmethod
    def of(cls, rate: float, dispersion: float, correlation_s: float, duration_s: float) -> GammaModulation:
        """Return the process that gives counts at ``rate`` (per second) a ``dispersion`` over long times.

        A step of d seconds adds rate · variance · d · (1 + r) / (1 - r) to a Poisson process's 1.

        Raises:
            ValueError: it would need too much variance, or too many steps.
        """
        step_s = correlation_s / STEPS_PER_CORRELATION
        steps = math.ceil(duration_s / step_s)
        if steps > MAX_STEPS:
            least_s = duration_s / MAX_STEPS * STEPS_PER_CORRELATION
            raise ValueError(f"correlation_s: {correlation_s:g}: must be at least {least_s:.3g} for a phase this long")
        correlation = math.exp(-1 / STEPS_PER_CORRELATION)
        per_variance = rate * step_s * (1 + correlation) / (1 - correlation)
        variance = (dispersion - 1) / per_variance
        if variance > MAX_VARIANCE:
            most = 1 + MAX_VARIANCE * per_variance
            raise ValueError(
                f"dispersion: {dispersion:g}: must be at most {most:.3g} with {rate:.3g} tasks a second "
                f"and a correlation_s of {correlation_s:g}"
            )
        return cls(np.arange(steps, dtype=np.float64) * step_s, 1 / variance, correlation, dispersion)

    def sample(self, rng: np.random.Generator) -> FloatArray:
        """Draw float64[..., w]."""
        steps, kept = len(self.start_s), self.shape * self.correlation
        fresh = self.shape - kept
        value = rng.standard_gamma(self.shape, 1)[..., 0]
        old, new = rng.standard_gamma(kept, steps), rng.standard_gamma(fresh, steps)
        total = old + new
        share = np.divide(old, total, out=np.full_like(old, self.correlation), where=total > 0)
        added = rng.standard_gamma(fresh, steps)
        values = np.empty_like(added)
        for step in range(steps):
            values[..., step] = value
            value = value * share[..., step] + added[..., step]
        values /= self.shape
        return values
