"""Which arrival process recorded episodes came from, given the rate that was declared, and with what settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from autoscaling_env.config import arrivals as kinds
from autoscaling_env.config.workload import PhasesConfig
from autoscaling_env.types import FloatArray
from workloads.dispersion import counted
from workloads.exact import phase_bounds
from workloads.rates import joined, rate_curve

#: Arrivals below which nothing is said.
LEAST_TASKS = 200
#: Ratios this near to 1 are those of a Poisson process.
NEAR = 0.15
#: Lengths of windows, in tasks that are expected in them.
WINDOWS = (1, 2, 5, 10, 20, 50, 100)
LEAST_WINDOWS = 12


@dataclass(frozen=True, slots=True)
class ArrivalsFit:
    """What was found.

    Attributes:
        arrivals: the process; None: too few tasks to tell.
        why: what it was told by, one sentence.
    """

    arrivals: kinds.ArrivalsConfig | None
    why: str


def fit_arrivals(config: PhasesConfig, episodes: Sequence[FloatArray]) -> ArrivalsFit:
    """Return the process that episodes of these phases came from.

    Args:
        config: the phases, in the order in which they ran.
        episodes: float64[n] each, arrivals in seconds, sorted.
    """
    if sum(map(len, episodes)) < LEAST_TASKS:
        return ArrivalsFit(None, f"fewer than {LEAST_TASKS} tasks do not tell how they come.")
    curves = [rate_curve(phase, config.base_rate_per_min / 60) for phase in config.phases]
    bounds = phase_bounds(curves, range(len(curves)))
    expected = [c.total if p.tasks is None else float(p.tasks) for p, c in zip(config.phases, curves, strict=True)]
    numbers = {len(arrival_s) for arrival_s in episodes}
    if numbers == {sum(round(each) for each in expected)}:
        return _of_exact_number([round(each) for each in expected], bounds, episodes)
    curve = joined(curves, bounds[:-1], expected)
    return _of_random_number(
        [curve.expected(arrival_s) for arrival_s in episodes], curve.total / bounds[-1], curve.total
    )


def _of_exact_number(expected: list[int], bounds: FloatArray, episodes: Sequence[FloatArray]) -> ArrivalsFit:
    found = [np.diff(np.searchsorted(arrival_s, bounds)).tolist() for arrival_s in episodes]
    if all(counts == expected for counts in found):
        return ArrivalsFit(kinds.ExactArrivals(), "every phase of every episode has exactly its tasks.")
    return ArrivalsFit(kinds.WindowedArrivals(), "episodes have exactly their tasks, phases do not: time drifts.")


def _of_random_number(clocks: Sequence[FloatArray], rate: float, total: float) -> ArrivalsFit:
    """Look at gaps and counts on the clock that runs with the rate, where a Poisson process has gaps of cv 1."""
    gaps = np.concatenate([np.diff(clock) for clock in clocks])
    cv = float(gaps.std() / gaps.mean())
    windows = [w for w in WINDOWS if total / w >= LEAST_WINDOWS]
    ratios = [float(np.mean([counted(clock, total, w).index_of_dispersion for clock in clocks])) for w in windows]
    said = f"gaps have a coefficient of variation of {cv:.3g}, counts of {windows[-1]} tasks an index of dispersion of "
    said += f"{ratios[-1]:.3g}"
    if max(abs(cv - 1), abs(ratios[-1] - 1), abs(np.median(ratios) - 1)) <= 2 * NEAR:
        return ArrivalsFit(kinds.PoissonArrivals(), f"{said}: both near 1.")
    if ratios[-1] > (1 + NEAR) * cv**2 and ratios[-1] > 1 + 2 * NEAR:
        dispersion, correlation = _modulation(np.array(windows, dtype=np.float64), np.array(ratios))
        process = kinds.ModulatedArrivals(dispersion=round(dispersion, 3), correlation_s=round(correlation / rate, 3))
        return ArrivalsFit(process, f"{said}: it grows with the window, so bursts last.")
    return ArrivalsFit(kinds.GammaArrivals(cv=round(float(np.clip(cv, 0.01, 20)), 3)), f"{said}, about its square.")


def _modulation(windows: FloatArray, ratios: FloatArray) -> tuple[float, float]:
    """Return (dispersion, correlation time in the windows' unit) whose curve comes nearest, in logarithms.

    Under a rate with autocorrelation exp(-s/T) counts over w have 1 + (I - 1) (1 - (1 - exp(-x)) / x), x = w / T.
    """

    def missed(logs: FloatArray) -> FloatArray:
        excess, correlation = np.exp(logs)
        x = windows / correlation
        off: FloatArray = np.log(1 + excess * (1 + np.expm1(-x) / x)) - np.log(ratios)
        return off

    start = np.log([max(ratios[-1] - 1, 0.1), windows[len(windows) // 2]])
    excess, correlation = np.exp(least_squares(missed, start, bounds=(-5, 9)).x)
    return 1 + float(excess), float(correlation)
