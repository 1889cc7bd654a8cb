"""How the tasks of a phase come, given how many are expected when: the arrival processes, by ``kind``."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from autoscaling_env.config.base import PositiveSeconds, Section


class ExactArrivals(Section):
    """Exactly the expected number, at independent moments: a Poisson process given its count."""

    kind: Literal["exact"] = "exact"


class PoissonArrivals(Section):
    """A Poisson process: the number is random, too, with as much variance as mean."""

    kind: Literal["poisson"] = "poisson"


class WindowedArrivals(Section):
    """The reference emitter's pacing: the number is exact, in windows of random counts, and time drifts.

    In each window but the last come a Poisson number of the tasks still due, in the last the rest. A window with no
    task takes no time, one with n tasks the sum of n exponential gaps of mean ``window_s / n``; the next follows.
    """

    kind: Literal["windowed"] = "windowed"
    window_s: PositiveSeconds = 1.0
    """Length of a window; the phase is cut into as many as come nearest to it."""


class GammaArrivals(Section):
    """A renewal process with gamma gaps, begun long ago: more regular than Poisson (cv < 1) or less (cv > 1)."""

    kind: Literal["gamma"] = "gamma"
    cv: Annotated[float, Field(ge=0.01, le=20)]
    """Coefficient of variation of the gaps: counts over long times have a variance of cv² times their mean."""


class ModulatedArrivals(Section):
    """A Poisson process whose rate is multiplied by a gamma process: bursts that last."""

    kind: Literal["modulated"] = "modulated"
    dispersion: Annotated[float, Field(gt=1, le=10_000)]
    """Variance over mean of counts over long times, at the phase's mean rate."""
    correlation_s: PositiveSeconds
    """How long a burst lasts: the multiplier's autocorrelation falls to 1/e in this time."""


#: One arrival process, by ``kind``.
ArrivalsConfig: TypeAlias = Annotated[
    ExactArrivals | PoissonArrivals | WindowedArrivals | GammaArrivals | ModulatedArrivals, Field(discriminator="kind")
]
