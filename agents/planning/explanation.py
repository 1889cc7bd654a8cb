"""Why a plan was chosen: what was foreseen, the best plans and what they promise, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.planning.forecast.forecaster import Counts
from agents.planning.forecast.scoring import LEVELS
from autoscaling_env.twin import Imagined
from autoscaling_env.types import FloatArray

#: So many plans are told.
BEST = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision and its reasons, in numbers that JSON holds.

    Attributes:
        forecast: tasks foreseen in each of the next steps, by quantile ("0.05" to "0.95").
        plans: the best three: ``wanted`` at each step, and the means over the futures of ``reward``, ``missed``
            (deadlines), ``worker_seconds``.
        because: one sentence.
        imagined: plans times futures that were played.
        service_scale, startup_scale: what is believed to take so many times what was believed at first.
    """

    forecast: dict[str, list[float]]
    plans: list[dict[str, Any]]
    because: str
    imagined: int
    service_scale: float
    startup_scale: float


def told(
    plans: NDArray[np.int64], imagined: Imagined, weights: FloatArray, order: NDArray[np.int64], requested: int
) -> list[dict[str, Any]]:
    """Return the best plans as ``Explanation.plans`` has them; ``weights`` are those of the futures."""
    return [
        {
            "wanted": plans[row].tolist(),
            "change": int(plans[row, 0]) - requested,
            "reward": round(float(imagined.reward[row] @ weights), 3),
            "missed": round(float(imagined.missed[row] @ weights), 2),
            "worker_seconds": round(float(imagined.worker_seconds[row] @ weights), 1),
        }
        for row in order[:BEST]
    ]


def forecast_of(counts: Counts) -> dict[str, list[float]]:
    """Return the quantiles of sampled futures, int64[k, horizon]."""
    quantiles = np.quantile(counts, LEVELS, axis=0).round(2)
    return {f"{level:g}": row.tolist() for level, row in zip(LEVELS, quantiles, strict=True)}


def because(best: dict[str, Any], hold: dict[str, Any], coming: float, step_s: float) -> str:
    """Return why the best plan won, beside leaving everything as it is."""
    steps = len(best["wanted"])
    seen = f"about {coming:.0f} tasks are foreseen in the next {steps * step_s:g} s"
    if best["wanted"] == hold["wanted"]:
        held = _workers(best["wanted"][0])
        return f"{seen}; holding {held} promises most ({best['missed']:.1f} missed deadlines)"
    first = next((place for place, each in enumerate(best["wanted"]) if each != hold["wanted"][0]), steps)
    when = "now" if first == 0 else f"in {first * step_s:g} s"
    to = best["wanted"][min(first, steps - 1)]
    missed, paid = best["missed"] - hold["missed"], best["worker_seconds"] - hold["worker_seconds"]
    gain = best["reward"] - hold["reward"]
    last = best["wanted"][-1]
    later = "" if last == to else f" and to {last} in the end"
    return (
        f"{seen}; going to {_workers(to)} {when}{later} promises {gain:+.3g} reward, {missed:+.1f} missed deadlines "
        f"and {paid:+.0f} worker-seconds against holding {hold['wanted'][0]}"
    )


def _workers(count: int) -> str:
    return f"{count} worker{'s' * (count != 1)}"
