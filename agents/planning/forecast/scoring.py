"""How good forecasts were: pinball loss and coverage of their quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from agents.planning.forecast.forecaster import Counts, Forecaster
from autoscaling_env.types import FloatArray

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """What forecasts of held-back episodes came to.

    Attributes:
        levels: the quantiles looked at, 0-1.
        pinball: float64[horizon], tasks a step: the mean over forecasts and levels, by steps ahead; less is better.
        coverage: float64[levels], the share of counts below each quantile, those on it by half (they are whole
            numbers); best near its level.
        forecasts: how many were made.
    """

    levels: tuple[float, ...]
    pinball: FloatArray
    coverage: FloatArray
    forecasts: int

    @classmethod
    def combined(cls, scores: Sequence[ForecastScore]) -> ForecastScore:
        """Return the score of all forecasts together; all of the same levels and horizon, at least one score."""
        numbers = np.array([each.forecasts for each in scores])
        pinball, coverage = (
            np.average([getattr(each, name) for each in scores], axis=0, weights=numbers)
            for name in ("pinball", "coverage")
        )
        return cls(scores[0].levels, pinball, coverage, int(numbers.sum()))


def pinball_loss(value: FloatArray | Counts, quantile: FloatArray, level: FloatArray | float) -> FloatArray:
    """Return the loss of each quantile (Koenker and Bassett, "Regression Quantiles", Econometrica 1978)."""
    off = value - quantile
    loss: FloatArray = np.maximum(level * off, (level - 1.0) * off)
    return loss


def score(
    forecaster: Forecaster,
    episodes: Iterable[Counts],
    *,
    horizon: int,
    rng: np.random.Generator,
    samples: int = 100,
    every: int = 1,
    levels: tuple[float, ...] = LEVELS,
) -> ForecastScore:
    """Forecast each of ``episodes`` (int64[t]) from every ``every``-th step on, as far as a whole horizon fits.

    Raises:
        ValueError: no episode is longer than the horizon.
    """
    losses, covered = [], []
    high = np.array(levels)[:, None]
    for episode in episodes:
        for now in range(0, len(episode) - horizon + 1, every):
            futures = forecaster.sample(episode[:now], horizon, samples, rng)
            quantiles = np.quantile(futures, levels, axis=0)
            came = episode[now : now + horizon]
            losses.append(pinball_loss(came, quantiles, high).mean(axis=0))
            covered.append((np.sign(quantiles - came) + 1.0).mean(axis=1) / 2.0)
    if not losses:
        raise ValueError(f"no episode has {horizon} steps: nothing to score")
    return ForecastScore(levels, np.mean(losses, axis=0), np.mean(covered, axis=0), len(losses))
